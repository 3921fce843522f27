DROP INDEX idx_luxos_created;
DROP INDEX idx_luxos_chapters;
