-- What older drawings of LuxOS had as tables, seen over the two tables. `id` is the being's or the step's UUID.

CREATE VIEW projects AS
SELECT
    soul AS id,
    genesis ->> 'name' AS name,
    attributes ->> 'path' AS path,
    created_at,
    attributes - 'path' AS metadata
FROM base_beings
WHERE genesis @> '{"type": "project"}';

CREATE VIEW conversations AS
SELECT
    soul AS id,
    created_at AS "timestamp",
    attributes ->> 'user_input' AS user_input,
    attributes ->> 'ai_response' AS ai_response,
    attributes ->> 'intent' AS intent,
    attributes -> 'context' AS context
FROM base_beings
WHERE genesis @> '{"type": "conversation"}';

CREATE VIEW knowledge_base AS
SELECT
    soul AS id,
    attributes ->> 'type' AS type,
    attributes ->> 'content' AS content,
    embedding,
    array_to_string(tags, ',') AS tags,
    created_at
FROM base_beings
WHERE genesis @> '{"type": "knowledge"}';

CREATE VIEW audit_log AS
SELECT
    id,
    created_at AS "timestamp",
    genesis ->> 'call' AS action,
    attributes -> 'arguments' AS parameters,
    coalesce(nullif(attributes -> 'result', 'null'::JSONB), attributes -> 'error') #>> '{}' AS result,
    CASE attributes ->> 'status'
        WHEN 'done' THEN 'success'
        WHEN 'started' THEN 'started'
        ELSE 'error'
    END AS status
FROM relationships
WHERE genesis @> '{"type": "step"}'
UNION ALL
SELECT
    soul AS id,
    created_at AS "timestamp",
    attributes ->> 'action' AS action,
    attributes -> 'parameters' AS parameters,
    attributes ->> 'result' AS result,
    attributes ->> 'status' AS status
FROM base_beings
WHERE genesis @> '{"type": "audit"}';
