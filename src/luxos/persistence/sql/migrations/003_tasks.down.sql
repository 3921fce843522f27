DROP INDEX idx_luxos_tasks;
DROP INDEX idx_luxos_tasks_ended;
