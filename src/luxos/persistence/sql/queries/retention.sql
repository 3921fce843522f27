-- What takes the room, and what goes when its time is over.

-- name: table_sizes
SELECT relname::TEXT AS name, pg_total_relation_size(oid) AS bytes,
    CASE relname WHEN 'base_beings' THEN (SELECT count(*) FROM base_beings)
        ELSE (SELECT count(*) FROM relationships) END AS rows
FROM pg_class
WHERE oid IN ('base_beings'::REGCLASS, 'relationships'::REGCLASS)
ORDER BY relname;

-- name: index_sizes
SELECT indrelid::REGCLASS::TEXT AS owner, relname::TEXT AS name, pg_relation_size(indexrelid) AS bytes
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid IN ('base_beings'::REGCLASS, 'relationships'::REGCLASS)
ORDER BY bytes DESC, name;

-- name: kind_sizes
-- Each column is asked for alone, so that what is stored out of line is not read.
SELECT
    coalesce(genesis ->> 'type', '') AS kind, count(*) AS rows,
    sum(
        56 + pg_column_size(genesis) + pg_column_size(attributes) + pg_column_size(memories)
        + pg_column_size(self_awareness) + coalesce(pg_column_size(tags), 0) + coalesce(pg_column_size(embedding), 0)
    )::BIGINT AS bytes
FROM base_beings
GROUP BY 1
ORDER BY bytes DESC, kind;

-- name: old_runs
-- Runs that ended and of whose steps none is as new as the moment $1; of all, or of the run $2 only. One stays that a
-- project of today was made by, and one to which anything is tied but its own steps, conversation and project.
SELECT
    run.soul, run.attributes -> 'chain' AS chain,
    (pg_column_size(run.genesis) + pg_column_size(run.attributes) + coalesce(steps.bytes, 0))::BIGINT AS bytes
FROM base_beings AS run CROSS JOIN LATERAL (
    SELECT
        max(greatest(attributes ->> 'started_at', attributes ->> 'finished_at') COLLATE "C") AS latest,
        sum(pg_column_size(genesis) + pg_column_size(attributes)) AS bytes
    FROM relationships
    WHERE source_soul = run.soul AND 'step' = ANY(tags)
) AS steps
WHERE run.tags @> '{run}' AND run.attributes ->> 'status' IN ('done', 'undone', 'cancelled')
    AND ($2::UUID IS NULL OR run.soul = $2)
    AND (run.genesis ->> 'created_at') COLLATE "C" < $1::TEXT
    AND coalesce(steps.latest < $1::TEXT, TRUE)
    AND NOT EXISTS (
        SELECT FROM base_beings AS project
        WHERE project.tags @> '{project}'
            AND project.attributes @> jsonb_build_object('run', run.soul::TEXT, 'status', 'made'))
    AND NOT EXISTS (SELECT FROM relationships AS tie WHERE tie.target_soul = run.soul)
    AND NOT EXISTS (
        SELECT FROM relationships AS tie
        WHERE tie.source_soul = run.soul AND (tie.tags && '{step,about,made}') IS NOT TRUE)
ORDER BY run.soul;

-- name: old_undo
-- Of the runs $1, those that ended and of whose steps none is as new as the moment $2: nothing goes on from their files.
SELECT soul
FROM base_beings AS run
WHERE soul = ANY($1::UUID[]) AND tags @> '{run}' AND attributes ->> 'status' IN ('done', 'undone', 'cancelled')
    AND (genesis ->> 'created_at') COLLATE "C" < $2::TEXT
    AND NOT EXISTS (
        SELECT FROM relationships
        WHERE source_soul = run.soul AND 'step' = ANY(tags)
            AND greatest(attributes ->> 'started_at', attributes ->> 'finished_at') COLLATE "C" >= $2::TEXT)
ORDER BY soul;

-- name: hold_run_to_clean
-- Whether nobody carries the run out or takes it back, from here to the end of the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended('run ' || $1::UUID::TEXT, 0));

-- name: hold_old_run
-- Nobody carries it out, and nobody can take it up or refer to it, from here to the end of the transaction; it is sealed.
SELECT soul FROM base_beings
WHERE soul = $1 AND attributes ->> 'sealed' = coalesce(attributes ->> 'holder', '') AND pg_try_advisory_xact_lock(hashtextextended('run ' || $1::UUID::TEXT, 0))
FOR UPDATE;

-- name: ended_tasks
-- How many tasks were done or dropped before the moment $1. Dead letters stay, and what anything is tied to.
SELECT
    count(*) AS count,
    coalesce(sum(pg_column_size(task.genesis) + pg_column_size(task.attributes)), 0)::BIGINT AS bytes
FROM base_beings AS task
WHERE task.tags @> '{task}' AND task.attributes ->> 'status' IN ('done', 'cancelled')
    AND task.attributes -> 'ended' < to_jsonb((extract(EPOCH FROM $1::TEXT::TIMESTAMPTZ) * 1000000)::BIGINT)
    AND NOT EXISTS (SELECT FROM relationships AS tie WHERE task.soul IN (tie.source_soul, tie.target_soul));

-- name: remove_ended_tasks
-- The same, up to $2 of them, removed; what somebody else holds just now stays.
WITH gone AS (
    SELECT task.soul
    FROM base_beings AS task
    WHERE task.tags @> '{task}' AND task.attributes ->> 'status' IN ('done', 'cancelled')
        AND task.attributes -> 'ended' < to_jsonb((extract(EPOCH FROM $1::TEXT::TIMESTAMPTZ) * 1000000)::BIGINT)
        AND NOT EXISTS (SELECT FROM relationships AS tie WHERE task.soul IN (tie.source_soul, tie.target_soul))
    LIMIT $2
    FOR UPDATE OF task SKIP LOCKED
),
removed AS (
    DELETE FROM base_beings USING gone WHERE base_beings.soul = gone.soul
    RETURNING pg_column_size(genesis) + pg_column_size(attributes) AS bytes
)
SELECT count(*) AS count, coalesce(sum(bytes), 0)::BIGINT AS bytes FROM removed;

-- name: old_conversations
-- How many conversations began before the moment $1. What anything is tied to stays, but for the run that each is of.
SELECT
    count(*) AS count,
    coalesce(sum(pg_column_size(talk.genesis) + pg_column_size(talk.attributes)), 0)::BIGINT AS bytes
FROM base_beings AS talk
WHERE talk.tags @> '{conversation}' AND talk.genesis ->> 'type' = 'conversation'
    AND (talk.genesis ->> 'created_at') COLLATE "C" < $1::TEXT
    AND NOT EXISTS (
        SELECT FROM relationships AS tie
        WHERE talk.soul IN (tie.source_soul, tie.target_soul) AND (tie.genesis ->> 'type' = 'about') IS NOT TRUE);

-- name: remove_old_conversations
-- The same, up to $2 of them, removed with what ties them to their runs; what somebody else holds just now stays.
WITH gone AS (
    SELECT talk.soul
    FROM base_beings AS talk
    WHERE talk.tags @> '{conversation}' AND talk.genesis ->> 'type' = 'conversation'
        AND (talk.genesis ->> 'created_at') COLLATE "C" < $1::TEXT
        AND NOT EXISTS (
            SELECT FROM relationships AS tie
            WHERE talk.soul IN (tie.source_soul, tie.target_soul) AND (tie.genesis ->> 'type' = 'about') IS NOT TRUE)
    LIMIT $2
    FOR UPDATE OF talk SKIP LOCKED
),
untied AS (
    DELETE FROM relationships USING gone
    WHERE relationships.target_soul = gone.soul OR relationships.source_soul = gone.soul
),
removed AS (
    DELETE FROM base_beings USING gone WHERE base_beings.soul = gone.soul
    RETURNING pg_column_size(genesis) + pg_column_size(attributes) AS bytes
)
SELECT count(*) AS count, coalesce(sum(bytes), 0)::BIGINT AS bytes FROM removed;

-- name: versions_in_use
-- What aliases are now, and what environments name.
SELECT attributes ->> 'hash' AS hash
FROM base_beings
WHERE tags @> '{alias}' AND attributes ? 'hash'
UNION
SELECT named.value
FROM base_beings
CROSS JOIN LATERAL jsonb_each_text(
    CASE jsonb_typeof(attributes -> 'souls') WHEN 'object' THEN attributes -> 'souls' ELSE '{}' END) AS named
WHERE tags @> '{environment}';

-- name: read_messages
-- How many messages took effect and were sent before the moment $1. What anything is tied to stays.
SELECT
    count(*) AS count,
    coalesce(sum(pg_column_size(message.genesis) + pg_column_size(message.attributes)), 0)::BIGINT AS bytes
FROM relationships AS channel
JOIN relationships AS reading
    ON reading.tags @> '{reading}' AND reading.source_soul = channel.target_soul
    AND reading.target_soul = channel.source_soul
    AND (reading.genesis ->> 'name') IS NOT DISTINCT FROM (channel.genesis ->> 'name')
JOIN base_beings AS message
    ON message.tags @> '{message}' AND message.attributes ->> 'channel' = channel.id::TEXT
    AND message.attributes -> 'seq' <= reading.attributes -> 'read'
WHERE channel.tags @> '{channel}' AND message.created_at < $1::TEXT::TIMESTAMPTZ AT TIME ZONE 'UTC'
    AND NOT EXISTS (SELECT FROM relationships AS tie WHERE message.soul IN (tie.source_soul, tie.target_soul));

-- name: remove_read_messages
-- The same, up to $2 of them, removed; what somebody else holds just now stays.
WITH gone AS (
    SELECT message.soul
    FROM relationships AS channel
    JOIN relationships AS reading
        ON reading.tags @> '{reading}' AND reading.source_soul = channel.target_soul
        AND reading.target_soul = channel.source_soul
        AND (reading.genesis ->> 'name') IS NOT DISTINCT FROM (channel.genesis ->> 'name')
    JOIN base_beings AS message
        ON message.tags @> '{message}' AND message.attributes ->> 'channel' = channel.id::TEXT
        AND message.attributes -> 'seq' <= reading.attributes -> 'read'
    WHERE channel.tags @> '{channel}' AND message.created_at < $1::TEXT::TIMESTAMPTZ AT TIME ZONE 'UTC'
        AND NOT EXISTS (SELECT FROM relationships AS tie WHERE message.soul IN (tie.source_soul, tie.target_soul))
    LIMIT $2
    FOR UPDATE OF message SKIP LOCKED
),
removed AS (
    DELETE FROM base_beings USING gone WHERE base_beings.soul = gone.soul
    RETURNING pg_column_size(genesis) + pg_column_size(attributes) AS bytes
)
SELECT count(*) AS count, coalesce(sum(bytes), 0)::BIGINT AS bytes FROM removed;

-- name: old_tombstones
-- Beings that were deleted before the moment $1 and are of none of the kinds $2.
SELECT
    soul, genesis ->> 'name' AS name,
    (pg_column_size(genesis) + pg_column_size(attributes) + pg_column_size(memories))::BIGINT AS bytes
FROM base_beings
WHERE tags @> '{tombstone}' AND NOT tags && $2::TEXT[] AND genesis ->> 'tier' IS DISTINCT FROM 'core'
    AND (attributes #>> '{deleted,at}') COLLATE "C" < $1::TEXT
ORDER BY soul;

-- name: old_memories
-- How many memories are in chapters that end before the moment $1 and before the newest $2 of their being.
SELECT
    coalesce(sum((tie.attributes ->> 'count')::BIGINT), 0)::BIGINT AS count,
    coalesce(sum(pg_column_size(chapter.memories) + pg_column_size(chapter.attributes)), 0)::BIGINT AS bytes
FROM relationships AS tie
JOIN base_beings AS being ON being.soul = tie.source_soul
JOIN base_beings AS chapter ON chapter.soul = tie.target_soul
WHERE tie.tags @> '{memory}' AND (tie.attributes ->> 'to') COLLATE "C" < $1::TEXT
    AND (tie.attributes ->> 'first')::BIGINT + (tie.attributes ->> 'count')::BIGINT
    <= (being.memories -> 0 ->> 'count')::BIGINT + jsonb_array_length(being.memories) - 1 - $2::BIGINT;

-- name: tell_cleaning
UPDATE base_beings SET attributes = attributes || $2::JSONB WHERE soul = $1;

-- name: unfinished_cleanings
-- Cleanings whose process ended before the folders of the last run were gone.
SELECT soul, attributes -> 'pending' AS pending
FROM base_beings
WHERE genesis @> '{"type": "cleaning"}' AND tags @> '{audit}' AND attributes -> 'pending' <> '[]';

-- name: start_commands
-- How the applications are started that runs of today have made.
SELECT DISTINCT attributes ->> 'start_command' AS command
FROM base_beings
WHERE tags @> '{run}' AND attributes ? 'start_command';
