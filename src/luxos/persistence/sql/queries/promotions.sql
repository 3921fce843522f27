-- Promotions: beings of the type "promotion". Counts are added by statements of their own, beside whoever holds the alias.

-- name: find_promotions
-- The newest $2 of the promotions of an alias with one of the names $1 (NULL for all).
SELECT soul FROM base_beings
WHERE tags @> '{promotion}' AND ($1::TEXT[] IS NULL OR genesis ->> 'name' = ANY($1::TEXT[]))
ORDER BY created_at DESC, soul
LIMIT $2;

-- name: open_promotions
SELECT soul FROM base_beings
WHERE tags @> '{promotion}' AND attributes ->> 'status' IN ('shadowing', 'watched');

-- name: count_shadow
-- Adds to what the promotion $1 counted: $2 equal calls, $3 that say nothing, $4 slow ones, and the differences $5, of
-- which ten are kept. Gives nothing where it has ended.
UPDATE base_beings
SET attributes = attributes || jsonb_build_object(
    'equal', (attributes ->> 'equal')::BIGINT + $2::BIGINT,
    'unsure', (attributes ->> 'unsure')::BIGINT + $3::BIGINT,
    'slow', (attributes ->> 'slow')::BIGINT + $4::BIGINT,
    'differences', CASE WHEN jsonb_array_length(attributes -> 'differences') < 10
                   THEN (attributes -> 'differences') || $5::JSONB ELSE attributes -> 'differences' END
)
WHERE soul = $1 AND attributes ->> 'status' = 'shadowing'
RETURNING attributes;

-- name: calls_since
-- How the calls of being $1 in the version $2 have ended since the moment $3: how many, and how many failed by one of the
-- errors $4. Calls that were only counted (summaries) are among them.
SELECT coalesce(sum(coalesce((attributes #>> '{summary,calls}')::BIGINT, 1)), 0)::BIGINT AS calls,
    coalesce(sum(CASE
        WHEN attributes ? 'summary' THEN coalesce((attributes #>> '{summary,failures}')::BIGINT, 0)
        WHEN attributes ->> 'status' = 'failed' AND attributes #>> '{error,code}' = ANY($4::TEXT[]) THEN 1
        ELSE 0 END), 0)::BIGINT AS failures
FROM relationships
WHERE target_soul = $1 AND 'step' = ANY(tags) AND created_at >= $3 AND genesis ->> 'soul_hash' = $2
    AND (attributes ->> 'status' IN ('done', 'failed') OR attributes ? 'summary');

-- name: failed_since
-- The first $5 of those that failed.
SELECT source_soul AS run, genesis ->> 'name' AS step, attributes -> 'arguments' AS arguments,
    attributes -> 'error' AS error
FROM relationships
WHERE target_soul = $1 AND 'step' = ANY(tags) AND created_at >= $3 AND genesis ->> 'soul_hash' = $2
    AND attributes ->> 'status' = 'failed' AND attributes #>> '{error,code}' = ANY($4::TEXT[])
ORDER BY created_at
LIMIT $5;

-- name: moment
SELECT now()::TIMESTAMP AS moment;

-- name: lock_promotion
SELECT status FROM (SELECT attributes ->> 'status' AS status FROM base_beings WHERE soul = $1 FOR NO KEY UPDATE) AS held;
