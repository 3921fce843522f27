-- What must not be: each query gives the `rule` that a row breaks, `who` it is, and what was `wanted` and `found`.

-- name: check_shapes
SELECT 'shape' AS rule, soul AS who, NULL::BIGINT AS wanted, NULL::BIGINT AS found
FROM base_beings
WHERE jsonb_typeof(genesis) <> 'object' OR jsonb_typeof(attributes) <> 'object'
    OR jsonb_typeof(memories) <> 'array' OR jsonb_typeof(self_awareness) <> 'object'
UNION ALL
SELECT 'owner', soul, NULL, NULL FROM base_beings WHERE genesis ->> 'owner' IS NULL
UNION ALL
SELECT 'shape', id, NULL, NULL
FROM relationships
WHERE jsonb_typeof(genesis) <> 'object' OR jsonb_typeof(attributes) <> 'object';

-- name: check_ends
-- Foreign keys hold this, unless somebody switched them off.
SELECT 'source' AS rule, id AS who, NULL::BIGINT AS wanted, NULL::BIGINT AS found
FROM relationships
WHERE NOT EXISTS (SELECT FROM base_beings WHERE soul = source_soul)
UNION ALL
SELECT 'target', id, NULL, NULL
FROM relationships
WHERE NOT EXISTS (SELECT FROM base_beings WHERE soul = target_soul);

-- name: check_memories
WITH chapters AS (
    SELECT
        tie.source_soul AS being,
        (tie.attributes ->> 'first')::BIGINT AS first,
        (tie.attributes ->> 'count')::BIGINT AS count,
        jsonb_array_length(chapter.memories) AS held,
        coalesce((being.memories -> 0 ->> 'forgotten')::BIGINT, 0) AS forgotten
    FROM relationships AS tie JOIN base_beings AS chapter ON chapter.soul = tie.target_soul
    JOIN base_beings AS being ON being.soul = tie.source_soul
    WHERE tie.tags @> '{memory}'
),
ordered AS (
    SELECT *, coalesce(lag(first + count) OVER (PARTITION BY being ORDER BY first), forgotten) AS expected FROM chapters
),
moved AS (
    SELECT being, max(first + count) AS count FROM chapters GROUP BY being
)
SELECT 'gap' AS rule, being AS who, expected AS wanted, first AS found
FROM ordered WHERE first <> expected
UNION ALL
SELECT 'chapter', being, count, held FROM ordered WHERE count <> held
UNION ALL
SELECT 'window', soul, coalesce(moved.count, (memories -> 0 ->> 'forgotten')::BIGINT, 0),
    coalesce((memories -> 0 ->> 'count')::BIGINT, 0)
FROM base_beings LEFT JOIN moved ON being = soul
WHERE (memories -> 0 ->> 'kind' = 'earlier' OR moved.being IS NOT NULL)
    AND CASE WHEN memories -> 0 ->> 'kind' = 'earlier' THEN (memories -> 0 ->> 'count')::BIGINT ELSE 0 END
        <> coalesce(moved.count, (memories -> 0 ->> 'forgotten')::BIGINT, 0);
