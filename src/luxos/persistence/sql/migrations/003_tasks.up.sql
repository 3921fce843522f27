-- Queues of tasks: what is to be done, by whose turn it is; what is done, by when it ended.

CREATE INDEX idx_luxos_tasks ON base_beings (
    (attributes ->> 'status'), (genesis ->> 'queue'), (genesis ->> 'owner'), (genesis ->> 'who'),
    (attributes -> 'priority'), (attributes -> 'at'))
WHERE tags @> '{task}' AND attributes ->> 'status' IN ('todo', 'doing', 'failed');
CREATE INDEX idx_luxos_tasks_ended ON base_beings ((genesis ->> 'queue'), (attributes -> 'ended'))
WHERE tags @> '{task}' AND attributes ->> 'status' IN ('done', 'cancelled');
