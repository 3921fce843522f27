-- What beings know of themselves, from the steps that called them. An attempt of a step that has ended has a link in
-- its run's audit chain; `folded` of a run is the number of the last link that was counted.

-- name: lock_run_to_fold
SELECT
    greatest((attributes #>> '{chain,seq}')::BIGINT, (
        SELECT max((step.attributes #>> '{chain,seq}')::BIGINT)
        FROM relationships AS step WHERE step.source_soul = $1 AND 'step' = ANY(step.tags)
    ), 0) AS ended,
    coalesce((attributes ->> 'folded')::BIGINT, 0) AS folded
FROM base_beings
WHERE soul = $1 AND tags @> '{run}'
FOR NO KEY UPDATE;

-- name: attempts_of_run
-- The attempts of run $1 with links after $2, up to $3.
SELECT
    target_soul, attempt ->> 'status' AS status, attempt -> 'summary' AS summary,
    attempt ->> 'started_at' AS started_at, attempt ->> 'finished_at' AS finished_at
FROM relationships
CROSS JOIN LATERAL (
    SELECT attributes AS attempt UNION ALL SELECT jsonb_array_elements(attributes -> 'attempts')
) AS attempts
WHERE source_soul = $1 AND 'step' = ANY(tags)
    AND (attempt #>> '{chain,seq}')::BIGINT > $2::BIGINT AND (attempt #>> '{chain,seq}')::BIGINT <= $3::BIGINT;

-- name: mark_folded
UPDATE base_beings SET attributes = attributes || jsonb_build_object('folded', $2::BIGINT) WHERE soul = $1;

-- name: runs_to_fold
-- Of a run whose process died the steps may be further than its row says.
SELECT soul
FROM base_beings AS run
WHERE tags @> '{run}'
    AND (
        coalesce((attributes #>> '{chain,seq}')::BIGINT, 0) > coalesce((attributes ->> 'folded')::BIGINT, 0)
        OR (attributes @> '{"status": "running"}' AND EXISTS (
            SELECT FROM relationships AS step
            WHERE step.source_soul = run.soul AND 'step' = ANY(step.tags)
                AND (step.attributes #>> '{chain,seq}')::BIGINT > coalesce((run.attributes ->> 'folded')::BIGINT, 0)
        ))
    )
ORDER BY created_at, soul;

-- name: lock_awareness
-- In one order, so that two who count never wait for each other.
SELECT soul, self_awareness FROM base_beings WHERE soul = ANY($1::UUID[]) ORDER BY soul FOR NO KEY UPDATE;

-- name: memo_of
-- How often results of the beings $1 were remembered, and how often not.
SELECT coalesce((self_awareness #>> '{memo,hits}')::BIGINT, 0) AS hits,
    coalesce((self_awareness #>> '{memo,misses}')::BIGINT, 0) AS misses
FROM base_beings
WHERE soul = ANY($1::UUID[]);

-- name: count_memo
-- Of each being $1, how often a result of it was remembered ($2) and how often not ($3), added to what is known.
UPDATE base_beings AS being
SET self_awareness = self_awareness || jsonb_build_object('memo', jsonb_build_object(
    'hits', told.hits + coalesce((being.self_awareness #>> '{memo,hits}')::BIGINT, 0),
    'misses', told.misses + coalesce((being.self_awareness #>> '{memo,misses}')::BIGINT, 0)
))
FROM (
    SELECT wanted.soul, wanted.hits, wanted.misses
    FROM unnest($1::UUID[], $2::BIGINT[], $3::BIGINT[]) AS wanted (soul, hits, misses)
    JOIN base_beings AS locked ON locked.soul = wanted.soul
    ORDER BY wanted.soul
    FOR NO KEY UPDATE OF locked
) AS told
WHERE being.soul = told.soul;

-- name: write_awareness
UPDATE base_beings
SET self_awareness = self_awareness || told.known
FROM jsonb_each($1::JSONB) AS told (soul, known)
WHERE base_beings.soul = told.soul::UUID;

-- name: counted_attempts
-- Every attempt that was counted, of the beings from $1 to $2.
SELECT
    step.target_soul, attempt ->> 'status' AS status, attempt -> 'summary' AS summary,
    attempt ->> 'started_at' AS started_at, attempt ->> 'finished_at' AS finished_at
FROM relationships AS step
JOIN base_beings AS run ON run.soul = step.source_soul
CROSS JOIN LATERAL (
    SELECT step.attributes AS attempt UNION ALL SELECT jsonb_array_elements(step.attributes -> 'attempts')
) AS attempts
WHERE 'step' = ANY(step.tags) AND step.target_soul BETWEEN $1 AND $2
    AND (attempt #>> '{chain,seq}')::BIGINT <= coalesce((run.attributes ->> 'folded')::BIGINT, 0);

-- name: given_feedback
SELECT
    target_soul, count(*) AS count,
    sum(CASE WHEN attributes ->> 'value' ~ '^-?[0-9]{1,10}$' THEN (attributes ->> 'value')::BIGINT ELSE 0 END)::BIGINT AS sum
FROM relationships
WHERE tags @> '{feedback}' AND genesis ->> 'type' = 'feedback' AND target_soul BETWEEN $1 AND $2
GROUP BY target_soul;

-- name: known_awareness
-- The beings $3 and those between $1 and $2 that know something of themselves.
SELECT soul, genesis ->> 'name' AS name, self_awareness
FROM base_beings
WHERE soul = ANY($3::UUID[])
    OR (soul BETWEEN $1 AND $2 AND self_awareness ?| ARRAY['calls', 'failures', 'latency', 'trust', 'feedback'])
ORDER BY soul;
