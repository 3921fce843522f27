-- The graph of beings. Which relationships are followed is said the same way everywhere: those that have all of the
-- tags $…, none of the tags left out, and an energy from … to. Which way: along them, against them, or both.

-- name: graph_neighbours
-- $1 the being; $2 tags, $3 tags left out, $4 and $5 energy; $6 along, $7 against; $8 how many.
SELECT id, source_soul, target_soul, tags, coalesce(energy_level, 0) AS energy_level
FROM relationships
WHERE (($6 AND source_soul = $1) OR ($7 AND target_soul = $1))
      AND coalesce(tags, '{}') @> $2::TEXT[] AND (tags && $3::TEXT[]) IS NOT TRUE
      AND coalesce(energy_level, 0) BETWEEN $4::BIGINT AND $5::BIGINT
ORDER BY energy_level DESC, id
LIMIT $8;

-- name: graph_reach_along
-- The beings at most $2 steps away, each with its distance; $7 rows of the walk are looked at, and counted.
WITH RECURSIVE reach (soul, depth) AS (
    SELECT $1::UUID, 0
    UNION
    SELECT relationships.target_soul, reach.depth + 1
    FROM reach JOIN relationships ON relationships.source_soul = reach.soul
    WHERE reach.depth < $2
          AND coalesce(tags, '{}') @> $3::TEXT[] AND (tags && $4::TEXT[]) IS NOT TRUE
          AND coalesce(energy_level, 0) BETWEEN $5::BIGINT AND $6::BIGINT
)
SELECT soul, min(depth) AS depth, sum(count(*)) OVER () AS walked
FROM (SELECT soul, depth FROM reach LIMIT $7) AS walk
GROUP BY soul;

-- name: graph_reach_against
WITH RECURSIVE reach (soul, depth) AS (
    SELECT $1::UUID, 0
    UNION
    SELECT relationships.source_soul, reach.depth + 1
    FROM reach JOIN relationships ON relationships.target_soul = reach.soul
    WHERE reach.depth < $2
          AND coalesce(tags, '{}') @> $3::TEXT[] AND (tags && $4::TEXT[]) IS NOT TRUE
          AND coalesce(energy_level, 0) BETWEEN $5::BIGINT AND $6::BIGINT
)
SELECT soul, min(depth) AS depth, sum(count(*)) OVER () AS walked
FROM (SELECT soul, depth FROM reach LIMIT $7) AS walk
GROUP BY soul;

-- name: graph_reach_both
WITH RECURSIVE reach (soul, depth) AS (
    SELECT $1::UUID, 0
    UNION
    SELECT next.soul, reach.depth + 1
    FROM reach CROSS JOIN LATERAL (
        SELECT target_soul AS soul, tags, energy_level FROM relationships WHERE source_soul = reach.soul
        UNION ALL
        SELECT source_soul AS soul, tags, energy_level FROM relationships WHERE target_soul = reach.soul
    ) AS next
    WHERE reach.depth < $2
          AND coalesce(tags, '{}') @> $3::TEXT[] AND (tags && $4::TEXT[]) IS NOT TRUE
          AND coalesce(energy_level, 0) BETWEEN $5::BIGINT AND $6::BIGINT
)
SELECT soul, min(depth) AS depth, sum(count(*)) OVER () AS walked
FROM (SELECT soul, depth FROM reach LIMIT $7) AS walk
GROUP BY soul;

-- name: graph_step
-- One step from each of the beings $1, by the strongest relationship where there are several to the same being.
SELECT DISTINCT ON (near, far) near, far, id
FROM (
    SELECT source_soul AS near, target_soul AS far, id, tags, energy_level
    FROM relationships WHERE $6 AND source_soul = ANY ($1::UUID[])
    UNION ALL
    SELECT target_soul AS near, source_soul AS far, id, tags, energy_level
    FROM relationships WHERE $7 AND target_soul = ANY ($1::UUID[])
) AS steps
WHERE coalesce(tags, '{}') @> $2::TEXT[] AND (tags && $3::TEXT[]) IS NOT TRUE
      AND coalesce(energy_level, 0) BETWEEN $4::BIGINT AND $5::BIGINT
ORDER BY near, far, energy_level DESC, id
LIMIT $8;

-- name: graph_among
-- The relationships among the beings $1.
SELECT id, source_soul, target_soul, tags, coalesce(energy_level, 0) AS energy_level
FROM relationships
WHERE source_soul = ANY ($1::UUID[]) AND target_soul = ANY ($1::UUID[])
      AND coalesce(tags, '{}') @> $2::TEXT[] AND (tags && $3::TEXT[]) IS NOT TRUE
      AND coalesce(energy_level, 0) BETWEEN $4::BIGINT AND $5::BIGINT
ORDER BY id
LIMIT $6;

-- name: graph_ends
-- Every relationship that is followed, by its ends alone.
SELECT source_soul, target_soul
FROM relationships
WHERE coalesce(tags, '{}') @> $1::TEXT[] AND (tags && $2::TEXT[]) IS NOT TRUE
      AND coalesce(energy_level, 0) BETWEEN $3::BIGINT AND $4::BIGINT;

-- name: graph_beings
SELECT soul, genesis ->> 'name' AS name, genesis ->> 'type' AS kind, coalesce(energy_level, 0) AS energy_level,
       coalesce(tags @> '{tombstone}', FALSE) AS deleted
FROM base_beings
WHERE soul = ANY ($1::UUID[]);
