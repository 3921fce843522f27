-- Opening a database: its schema, and the version that stands in a being.

-- name: lock_schema
SELECT pg_advisory_xact_lock(hashtextextended('luxos.schema', 0));

-- name: find_tables
-- From the catalogue itself: to_regclass may answer from a cache that is older than the lock.
SELECT relname::TEXT AS name
FROM pg_class
WHERE relname IN ('base_beings', 'relationships')
    AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY(current_schemas(FALSE)))
ORDER BY relname;

-- name: load_schema
SELECT attributes FROM base_beings WHERE soul = $1;

-- name: admit
-- $1 the being of the schema, $2 what a session is called that was let in. In one statement, so that a session that found
-- the version before a migration took its locks bears the name by then; see `end_sessions`.
SELECT (attributes ->> 'version')::INTEGER AS version, set_config('application_name', $2, FALSE)
FROM base_beings
WHERE soul = $1;

-- name: end_sessions
-- Those that were let in, $1 as they are called, with what they were in the middle of.
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid();

-- name: vector_available
SELECT
    EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS created,
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS available;

-- name: vector_schema
-- Where the type is that our tables use; nothing where there is none yet.
SELECT nspname::TEXT
FROM pg_type
JOIN pg_namespace ON pg_namespace.oid = typnamespace
WHERE pg_type.oid = to_regtype('vector');

-- name: create_vector
CREATE EXTENSION IF NOT EXISTS vector;

-- name: create_schema_being
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, '{core}', $2, $3, '[]', '{}');

-- name: set_schema_version
UPDATE base_beings
SET attributes = attributes || jsonb_build_object('version', $2::INTEGER),
    memories = memories || jsonb_build_array(
        jsonb_build_object('at', CURRENT_TIMESTAMP, 'kind', 'migration', 'version', $2::INTEGER))
WHERE soul = $1;
