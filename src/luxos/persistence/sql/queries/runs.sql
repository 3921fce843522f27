-- Runs (beings) and their steps (relationships from the run to what it calls). Steps are found by the run, or by what they
-- call: `'step' = ANY(tags)` keeps PostgreSQL from the index of tags, which has the steps of all runs.

-- name: create_run
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, ARRAY['run'], $2, $3, '[]', '{}');

-- name: find_runs
-- The newest first, from the UUID $1 to $2; `$3` is a workspace and `$4` a status as it is stored, each NULL for any. A
-- run that says it is running while nobody holds its lock was interrupted.
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
WHERE tags @> ARRAY['run'] AND genesis ->> 'type' = 'run' AND soul BETWEEN $1 AND $2
      AND ($3::text IS NULL OR attributes @> jsonb_build_object('workspace', $3::text))
      AND ($4::text IS NULL OR attributes @> jsonb_build_object('status', $4::text))
ORDER BY created_at DESC, soul
LIMIT $5;

-- name: run_row
SELECT soul, genesis, attributes, created_at, attributes ->> 'status' AS status
FROM base_beings
WHERE soul = $1 AND tags @> ARRAY['run'] AND genesis ->> 'type' = 'run';

-- name: claim
-- What is claimed is a run or a folder, by its name; a dead process gives it up.
SELECT pg_try_advisory_lock(hashtextextended($1, 0));

-- name: release
SELECT pg_advisory_unlock(hashtextextended($1, 0));

-- name: hold_run
-- Whoever held the run before can no longer write into it, even if it does not know yet that it lost its lock; what was
-- wanted of it is wanted no more. Gives the newest link of its chain: the row's own may be older than that of a step,
-- where the process before died. A step that was begun again has its links in its earlier attempts.
WITH links AS (
    SELECT attributes -> 'chain' AS link
    FROM relationships
    WHERE source_soul = $1 AND 'step' = ANY(tags) AND attributes ? 'chain'
    UNION ALL
    SELECT jsonb_path_query(attributes, '$.attempts[*].chain')
    FROM relationships
    WHERE source_soul = $1 AND 'step' = ANY(tags) AND NOT attributes ? 'chain'
),
newest AS (
    SELECT link FROM links ORDER BY (link ->> 'seq')::BIGINT DESC LIMIT 1
)
UPDATE base_beings
SET attributes = jsonb_set(attributes - 'wanted', '{holder}', to_jsonb($2::text)) || CASE
    WHEN ((SELECT link ->> 'seq' FROM newest))::BIGINT > (attributes #>> '{chain,seq}')::BIGINT
    THEN jsonb_build_object('chain', (SELECT link FROM newest)) ELSE '{}' END
WHERE soul = $1
RETURNING attributes -> 'chain' AS head;

-- name: want_of_run
-- Tells whoever holds the run $1 what is wanted of it, $2 (an object), over the channel $3.
UPDATE base_beings
SET attributes = jsonb_set(attributes, '{wanted}', coalesce(attributes -> 'wanted', '{}') || $2::JSONB)
WHERE soul = $1
RETURNING pg_notify($3, soul::TEXT);

-- name: wanted_of_run
SELECT attributes -> 'wanted' FROM base_beings WHERE soul = $1 AND attributes ->> 'holder' = $2;

-- name: tell_of_runs
-- Tells those who follow the runs $2, over the channel $1, that there is something new.
SELECT pg_notify($1, run::TEXT) FROM unnest($2::UUID[]) AS run;

-- name: newer_steps
-- The attempts of the run $1 that ended after the link $2 of its chain, in their order, and then those that are open.
SELECT id, target_soul, genesis, attributes
FROM relationships
WHERE source_soul = $1 AND 'step' = ANY(tags)
    AND coalesce((attributes #>> '{chain,seq}')::BIGINT > $2, TRUE)
ORDER BY (attributes #>> '{chain,seq}')::BIGINT NULLS LAST, (attributes ->> 'started_at') COLLATE "C", id;

-- name: update_run
UPDATE base_beings SET attributes = attributes || $2 WHERE soul = $1;

-- name: record_steps
-- Many records of steps at once, in their order, where the runs $1 are still held by $2; gives these runs. A run's row is
-- locked against whoever would take it over meanwhile, and not written. Of each record $3 is the step's id, $4 its run,
-- $5 what it calls, $6 whether it was recorded before and ends now, $7 its genesis, $8 what becomes of its attributes.
-- A step that is tried again keeps what is known of its earlier attempts, and says where it calls another version; a
-- record that is there already changes nothing.
-- A callee that was purged meanwhile is named by the step's genesis only.
WITH held AS (
    SELECT run.soul
    FROM base_beings AS run
    JOIN unnest($1::UUID[], $2::TEXT[]) AS told (soul, holder)
        ON run.soul = told.soul AND run.attributes ->> 'holder' = told.holder
    ORDER BY run.soul
    FOR SHARE OF run
),
records AS (
    SELECT id, run, coalesce(callee.soul, run) AS target, ends, record.genesis, record.attributes
    FROM unnest($3::UUID[], $4::UUID[], $5::UUID[], $6::BOOLEAN[], $7::JSONB[], $8::JSONB[])
        AS record (id, run, target, ends, genesis, attributes)
    LEFT JOIN base_beings AS callee ON callee.soul = record.target
    WHERE run IN (SELECT soul FROM held)
),
ended AS (
    UPDATE relationships AS step SET attributes = (step.attributes - 'frozen') || records.attributes
    FROM records WHERE step.id = records.id AND records.ends
),
begun AS (
    INSERT INTO relationships (id, tags, source_soul, target_soul, genesis, attributes)
    SELECT id, ARRAY['step'], run, target, genesis, attributes FROM records WHERE NOT ends
    ON CONFLICT (id) DO UPDATE
    SET attributes = EXCLUDED.attributes || jsonb_build_object(
        'attempts',
        coalesce(relationships.attributes -> 'attempts', '[]')
        || jsonb_build_array(relationships.attributes - '{attempts, frozen}'::TEXT[])
    ) || CASE WHEN EXCLUDED.genesis <> relationships.genesis
        THEN jsonb_build_object('genesis', EXCLUDED.genesis) ELSE '{}' END
    WHERE relationships.attributes ->> 'attempt' IS DISTINCT FROM EXCLUDED.attributes ->> 'attempt'
)
SELECT soul FROM held;

-- name: recorded_ends
-- Of the steps $1, those whose attempts $2 are recorded as ended.
SELECT step.id
FROM relationships AS step
JOIN unnest($1::UUID[], $2::TEXT[]) AS told (id, attempt) ON step.id = told.id
WHERE step.attributes ->> 'attempt' = told.attempt AND step.attributes ? 'finished_at';

-- name: lock_instances
-- The attributes of instances, which nobody writes meanwhile; one that was deleted has none.
SELECT soul, attributes
FROM base_beings
WHERE soul = ANY($1::UUID[]) AND NOT tags @> '{tombstone}'
ORDER BY soul
FOR NO KEY UPDATE;

-- name: write_instances
-- The attributes $2 of the instances $1, which are locked.
UPDATE base_beings AS being
SET attributes = told.attributes
FROM unnest($1::UUID[], $2::JSONB[]) AS told (soul, attributes)
WHERE being.soul = told.soul;

-- name: write_newborns
-- New instances $1 with their genesis $2 and attributes $3; one that is there already stays as it is.
INSERT INTO base_beings (soul, genesis, attributes, memories, self_awareness)
SELECT told.soul, told.genesis, told.attributes, '[]', '{}'
FROM unnest($1::UUID[], $2::JSONB[], $3::JSONB[]) AS told (soul, genesis, attributes)
ON CONFLICT (soul) DO NOTHING;

-- name: write_heads
-- The heads $3 of the chains of the runs $1, where they are still held by $2.
UPDATE base_beings AS run SET attributes = jsonb_set(run.attributes, '{chain}', told.head)
FROM unnest($1::UUID[], $2::TEXT[], $3::JSONB[]) AS told (soul, holder, head)
WHERE run.soul = told.soul AND run.attributes ->> 'holder' = told.holder;

-- name: load_steps
SELECT id, target_soul, genesis, attributes
FROM relationships
WHERE source_soul = $1 AND 'step' = ANY(tags)
ORDER BY (attributes ->> 'started_at') COLLATE "C", id;

-- name: steps_by_id
SELECT id, target_soul, genesis, attributes FROM relationships WHERE id = ANY($1::UUID[]) AND 'step' = ANY(tags);

-- name: recorded_calls
-- What the beings $1 were called with, and gave, in the versions $2; the newest $3 different ones.
SELECT arguments, result, run, step
FROM (
    SELECT DISTINCT ON (attributes -> 'arguments') attributes -> 'arguments' AS arguments,
        attributes -> 'result' AS result, source_soul AS run, genesis ->> 'name' AS step, created_at
    FROM relationships
    WHERE target_soul = ANY($1::UUID[]) AND 'step' = ANY(tags) AND genesis ->> 'soul_hash' = ANY($2::TEXT[])
        AND attributes ->> 'status' = 'done' AND NOT attributes ? 'summary'
    ORDER BY attributes -> 'arguments', created_at DESC
) AS calls
ORDER BY created_at DESC
LIMIT $3;
