-- Runs (beings) and their steps (relationships from the run to what it calls).

-- name: create_run
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, ARRAY['run'], $2, $3, '[]', '{}');

-- name: find_runs
-- The newest first; `$1` is the beginning of a UUID, or empty, `$2` a workspace and `$3` a status as it is stored, each
-- NULL for any. A run that says it is running while nobody holds its lock was interrupted.
WITH held AS (
    SELECT (classid::bigint << 32) | objid::bigint AS key
    FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT soul, genesis, attributes, created_at,
       CASE WHEN attributes ->> 'status' IN ('running', 'undoing')
                 AND hashtextextended('run ' || soul::text, 0) NOT IN (SELECT key FROM held)
            THEN CASE attributes ->> 'status' WHEN 'running' THEN 'interrupted' ELSE 'half_undone' END
            ELSE attributes ->> 'status' END AS status
FROM base_beings
WHERE tags @> ARRAY['run'] AND soul::text LIKE $1 || '%'
      AND ($2::text IS NULL OR attributes @> jsonb_build_object('workspace', $2::text))
      AND ($3::text IS NULL OR attributes @> jsonb_build_object('status', $3::text))
ORDER BY created_at DESC, soul
LIMIT $4;

-- name: claim
-- What is claimed is a run or a folder, by its name; a dead process gives it up.
SELECT pg_try_advisory_lock(hashtextextended($1, 0));

-- name: release
SELECT pg_advisory_unlock(hashtextextended($1, 0));

-- name: hold_run
-- Whoever held the run before can no longer write into it, even if it does not know yet that it lost its lock.
UPDATE base_beings SET attributes = jsonb_set(attributes, '{holder}', to_jsonb($2::text)) WHERE soul = $1;

-- name: update_run
UPDATE base_beings SET attributes = attributes || $2 WHERE soul = $1;

-- name: start_step
-- Writes nothing where the run is held by another than `$6`. A step that is tried again keeps what is known of its
-- earlier attempts.
INSERT INTO relationships (id, tags, source_soul, target_soul, genesis, attributes)
SELECT $1, ARRAY['step'], $2, $3, $4, $5
FROM base_beings AS run
WHERE run.soul = $2 AND run.attributes ->> 'holder' = $6
ON CONFLICT (id) DO UPDATE
SET attributes = EXCLUDED.attributes || jsonb_build_object(
    'attempts',
    coalesce(relationships.attributes -> 'attempts', '[]') || jsonb_build_array(relationships.attributes - 'attempts')
)
RETURNING id;

-- name: lock_chain
SELECT attributes -> 'chain' FROM base_beings WHERE soul = $1 AND attributes ->> 'holder' = $2 FOR NO KEY UPDATE;

-- name: finish_step
WITH run AS (
    UPDATE base_beings SET attributes = jsonb_set(attributes, '{chain}', $3) WHERE soul = $2
)
UPDATE relationships SET attributes = attributes || $4 WHERE id = $1;

-- name: load_steps
SELECT id, target_soul, genesis, attributes
FROM relationships
WHERE source_soul = $1 AND tags @> ARRAY['step']
ORDER BY attributes ->> 'started_at', id;
