-- Souls: versions, aliases, and what follows an alias to a new being.

-- name: load_version
-- The row of a version and of those it is told by, the snapshot first. $1 its UUID, $2 the most rows there may be.
-- LIMIT has each parent looked up by its key: a join may read the whole table once for each of them.
WITH RECURSIVE line AS (
    SELECT genesis, 1 AS number FROM base_beings WHERE soul = $1
    UNION ALL
    SELECT parent.genesis, line.number + 1
    FROM line
    CROSS JOIN LATERAL (
        SELECT genesis FROM base_beings WHERE soul = (line.genesis ->> 'parent_soul')::UUID LIMIT 1
    ) AS parent
    WHERE line.number < $2
)
SELECT genesis FROM line ORDER BY number DESC;

-- name: find_soul_hashes
-- The hashes from $1 to below $2, by bytes, at most $3.
SELECT DISTINCT (genesis ->> 'soul_hash') COLLATE "C" AS hash
FROM base_beings
WHERE tags @> '{soul}'
    AND (genesis ->> 'soul_hash') COLLATE "C" >= $1
    AND (genesis ->> 'soul_hash') COLLATE "C" < $2
ORDER BY 1
LIMIT $3;

-- name: alias_names
SELECT genesis ->> 'name' AS name
FROM base_beings
WHERE tags @> '{alias}' AND genesis ->> 'type' = 'alias' AND NOT attributes ? 'renamed'
ORDER BY soul
LIMIT $1;

-- name: lock_alias
SELECT attributes FROM base_beings WHERE soul = $1 FOR NO KEY UPDATE;

-- name: core_by_name
-- The core being of this name; $1 is {"tier": "core", "name": …}.
SELECT soul FROM base_beings WHERE genesis @> $1::JSONB AND tags @> '{core}' LIMIT 1;

-- name: follow_alias
-- Relationships of being $1 that name the alias move to being $2; $3 is {"alias": …}.
UPDATE relationships
SET source_soul = CASE WHEN source_soul = $1 THEN $2 ELSE source_soul END,
    target_soul = CASE WHEN target_soul = $1 THEN $2 ELSE target_soul END
WHERE (source_soul = $1 OR target_soul = $1) AND genesis @> $3::JSONB;

-- name: rename_in_relationships
-- $1 is {"alias": the old name}, $2 is {"alias": the new one}.
UPDATE relationships SET genesis = genesis || $2::JSONB WHERE genesis @> $1::JSONB;

-- name: forward_aliases
-- Names that led to the alias of the first object lead to that of the second: {"renamed": name}.
UPDATE base_beings SET attributes = attributes || $2::JSONB WHERE tags @> '{alias}' AND genesis ->> 'type' = 'alias' AND attributes @> $1::JSONB;

-- name: soul_rows
-- Versions, groups and aliases after UUID $1, at most $2.
SELECT soul, tags, genesis ->> 'type' AS type, coalesce(genesis ->> 'group', genesis ->> 'soul_hash') AS hash,
    genesis ->> 'name' AS name
FROM base_beings
-- A person's own being may bear the same tag; it says nothing of what these say.
WHERE ((tags @> '{soul}' AND genesis ?| '{soul_hash,group}')
        OR (tags @> '{alias}' AND (genesis ->> 'type' = 'alias' OR attributes ?& '{hash,version}')))
    AND soul > $1
ORDER BY soul
LIMIT $2;

-- name: soul_carriers
-- Beings after UUID $1, at most $2, that are or were the living ones of an alias.
SELECT soul
FROM base_beings
WHERE genesis ?& '{soul_hash,ancestors}' AND (tags @> '{soul}') IS NOT TRUE AND soul > $1
ORDER BY soul
LIMIT $2;
