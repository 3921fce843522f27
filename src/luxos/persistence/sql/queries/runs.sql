-- Runs (beings) and their steps (relationships from the run to what it calls).

-- name: create_run
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, ARRAY['run'], $2, $3, '[]', '{}');

-- name: find_runs
-- The newest first; `$1` is the beginning of a UUID, or empty. A run that says it is running while nobody holds its lock
-- was interrupted. The lock is taken for the length of this statement only.
SELECT soul, genesis, attributes, created_at,
       CASE WHEN attributes ->> 'status' = 'running'
                 AND pg_try_advisory_xact_lock(hashtextextended(soul::text, 0))
            THEN 'interrupted' ELSE attributes ->> 'status' END AS status
FROM base_beings
WHERE tags @> ARRAY['run'] AND soul::text LIKE $1 || '%'
ORDER BY created_at DESC, soul
LIMIT $2;

-- name: runs_on
-- The runs that work on a folder and make a project of it, the newest first.
SELECT soul, genesis, attributes, created_at,
       CASE WHEN attributes ->> 'status' = 'running'
                 AND pg_try_advisory_xact_lock(hashtextextended(soul::text, 0))
            THEN 'interrupted' ELSE attributes ->> 'status' END AS status
FROM base_beings
WHERE tags @> ARRAY['run'] AND attributes @> jsonb_build_object('workspace', $1::text)
      AND jsonb_typeof(attributes -> 'project') = 'object'
ORDER BY created_at DESC, soul;

-- name: claim
-- What is claimed is a run, by its UUID, or a folder, by its path; a dead process gives it up.
SELECT pg_try_advisory_lock(hashtextextended($1, 0));

-- name: release
SELECT pg_advisory_unlock(hashtextextended($1, 0));

-- name: update_run
UPDATE base_beings SET attributes = attributes || $2 WHERE soul = $1;

-- name: remember_in_run
UPDATE base_beings SET memories = memories || $2 WHERE soul = $1;

-- name: start_step
-- A step that is tried again keeps what is known of its earlier attempts.
INSERT INTO relationships (id, tags, source_soul, target_soul, genesis, attributes)
VALUES ($1, ARRAY['step'], $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE
SET attributes = EXCLUDED.attributes || jsonb_build_object(
    'attempts',
    coalesce(relationships.attributes -> 'attempts', '[]') || jsonb_build_array(relationships.attributes - 'attempts')
);

-- name: lock_chain
SELECT attributes -> 'chain' FROM base_beings WHERE soul = $1 FOR UPDATE;

-- name: finish_step
WITH run AS (
    UPDATE base_beings SET attributes = jsonb_set(attributes, '{chain}', $3) WHERE soul = $2
)
UPDATE relationships SET attributes = attributes || $4 WHERE id = $1;

-- name: mark_step
UPDATE relationships SET attributes = attributes || $2 WHERE id = $1;

-- name: load_steps
SELECT id, target_soul, genesis, attributes
FROM relationships
WHERE source_soul = $1 AND tags @> ARRAY['step']
ORDER BY attributes ->> 'started_at', id;
