-- Backups: both tables as text, and back.

-- name: count_base_beings
SELECT count(*) FROM base_beings;

-- name: count_relationships
SELECT count(*) FROM relationships;

-- name: count_own_beings
-- Beings that a person or a run made; those of the installation itself are there from the first moment.
SELECT count(*) FROM base_beings WHERE NOT coalesce(tags, '{}') @> '{core}';

-- name: list_artifacts
SELECT soul AS run, jsonb_array_elements_text(attributes -> 'artifacts') AS path
FROM base_beings
WHERE tags @> '{run}' AND jsonb_typeof(attributes -> 'artifacts') = 'array'
ORDER BY soul, path;

-- name: limit_wait_for_locks
SET LOCAL lock_timeout = '10s';

-- name: lock_tables
LOCK TABLE base_beings, relationships IN ACCESS EXCLUSIVE MODE;

-- name: empty_tables
TRUNCATE relationships, base_beings;

-- name: analyze_tables
ANALYZE base_beings, relationships;
