-- The graph of beings. {links} is which relationships are followed: the links_ parts that are needed, and no others, since
-- each costs something at every step. Their arguments come after those of the statement.

-- name: links_tags
AND tags @> $1::TEXT[]

-- name: links_without_tags
AND (tags && $1::TEXT[]) IS NOT TRUE

-- name: links_energy_from
AND energy_level >= $1::BIGINT

-- name: links_energy_to
AND energy_level <= $1::BIGINT

-- name: graph_neighbours
-- $1 the being; $2 along, $3 against; $4 how many.
SELECT id, source_soul, target_soul, tags, energy_level
FROM relationships
WHERE (($2 AND source_soul = $1) OR ($3 AND target_soul = $1)) {links}
ORDER BY energy_level DESC, id
LIMIT $4;

-- name: graph_reach_out
-- The beings at most $2 steps away, the nearest first; one may come again, farther away. $3 rows at the most.
WITH RECURSIVE reach (soul, depth) AS (
    SELECT $1::UUID, 0
    UNION
    SELECT relationships.target_soul, reach.depth + 1
    FROM reach JOIN relationships ON relationships.source_soul = reach.soul
    WHERE reach.depth < $2 {links}
)
SELECT soul, depth FROM reach LIMIT $3;

-- name: graph_reach_in
WITH RECURSIVE reach (soul, depth) AS (
    SELECT $1::UUID, 0
    UNION
    SELECT relationships.source_soul, reach.depth + 1
    FROM reach JOIN relationships ON relationships.target_soul = reach.soul
    WHERE reach.depth < $2 {links}
)
SELECT soul, depth FROM reach LIMIT $3;

-- name: graph_reach_both
WITH RECURSIVE reach (soul, depth) AS (
    SELECT $1::UUID, 0
    UNION
    SELECT next.soul, reach.depth + 1
    FROM reach CROSS JOIN LATERAL (
        SELECT target_soul AS soul FROM relationships WHERE source_soul = reach.soul {links}
        UNION ALL
        SELECT source_soul AS soul FROM relationships WHERE target_soul = reach.soul {links}
    ) AS next
    WHERE reach.depth < $2
)
SELECT soul, depth FROM reach LIMIT $3;

-- name: graph_step
-- One step from each of the beings $1, along if $2 and against if $3, by the strongest relationship where there are
-- several to the same being.
SELECT DISTINCT ON (near, far) near, far, id
FROM (
    SELECT source_soul AS near, target_soul AS far, id, energy_level
    FROM relationships WHERE $2 AND source_soul = ANY ($1::UUID[]) {links}
    UNION ALL
    SELECT target_soul AS near, source_soul AS far, id, energy_level
    FROM relationships WHERE $3 AND target_soul = ANY ($1::UUID[]) {links}
) AS steps
ORDER BY near, far, energy_level DESC, id
LIMIT $4;

-- name: graph_among
-- The relationships among the beings $1.
SELECT id, source_soul, target_soul, tags, energy_level
FROM relationships
WHERE source_soul = ANY ($1::UUID[]) AND target_soul = ANY ($1::UUID[]) {links}
ORDER BY id
LIMIT $2;

-- name: graph_ends
-- Every relationship that is followed, by its ends alone.
SELECT source_soul, target_soul FROM relationships WHERE TRUE {links};
