-- Beings and relationships. A change is written by difference: what is not named keeps the value in the row, and its
-- stored form, so that a long attribute is not written again because another one changed.
--
-- update_… (sql/parts/update.sql) writes where nobody has written the row since it was loaded: its version is the
-- transaction that wrote it. Neither writes into a tombstone: an object that was loaded as one is refused before.
-- merge_… writes where each changed field is what was loaded; values are compared as text, so that 1 and 1.0 differ. The
-- comparison is an expression, and must be: a NOT EXISTS becomes a join, of which PostgreSQL looks again only at our
-- side when it had to wait for another writer, and the update of that one is lost.

-- name: load_being
SELECT
    soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding, xmin AS version
FROM base_beings
WHERE soul = $1;

-- name: load_beings
SELECT
    soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding, xmin AS version
FROM base_beings
WHERE soul = ANY($1::UUID[]);

-- name: lock_being
SELECT
    soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding, xmin AS version
FROM base_beings
WHERE soul = $1
FOR NO KEY UPDATE;

-- name: stream_beings
-- $1 a kind or null for all, $2 whether deleted ones are wanted too.
SELECT
    soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding, xmin AS version
FROM base_beings
WHERE ($1::TEXT IS NULL OR genesis ->> 'type' = $1::TEXT) AND ($2::BOOLEAN OR (tags @> '{tombstone}') IS NOT TRUE);

-- name: save_being
INSERT INTO base_beings (soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding)
VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::TIMESTAMP, CURRENT_TIMESTAMP), $9)
ON CONFLICT (soul) DO NOTHING
RETURNING created_at, xmin AS version;

-- name: merge_being
-- $2 the tags before; $3 tags or null; $4 energy to add; $5 … $10 in turn of genesis, attributes and self_awareness the
-- keys that change, or null, and what is under those of them that stay; $11 memories to append, or null; $12 whether the
-- embedding changes, $13 to what; $14 … $16 what was under the keys of $5, $7 and $9; $17 the embedding before.
UPDATE base_beings
SET tags = coalesce($3, tags),
    energy_level = coalesce(energy_level, 0) + $4::BIGINT,
    genesis = CASE WHEN $5::TEXT[] IS NULL THEN genesis ELSE (genesis - $5) || $6::JSONB END,
    attributes = CASE WHEN $7::TEXT[] IS NULL THEN attributes ELSE (attributes - $7) || $8::JSONB END,
    self_awareness = CASE WHEN $9::TEXT[] IS NULL THEN self_awareness ELSE (self_awareness - $9) || $10::JSONB END,
    memories = CASE WHEN $11::JSONB IS NULL THEN memories ELSE memories || $11 END,
    embedding = CASE WHEN $12::BOOLEAN THEN $13 ELSE embedding END
WHERE soul = $1
    AND genesis ->> 'tier' IS DISTINCT FROM 'core'
    AND (tags @> '{tombstone}') IS NOT TRUE
    AND coalesce(energy_level, 0) + $4::BIGINT BETWEEN -2147483648 AND 2147483647
    AND ($3::TEXT[] IS NULL OR coalesce(tags, '{}') = $2::TEXT[])
    AND (
        SELECT bool_and((genesis -> name)::TEXT IS NOT DISTINCT FROM ($14::JSONB -> name)::TEXT)
        FROM unnest($5::TEXT[]) AS name
    ) IS NOT FALSE
    AND (
        SELECT bool_and((attributes -> name)::TEXT IS NOT DISTINCT FROM ($15::JSONB -> name)::TEXT)
        FROM unnest($7::TEXT[]) AS name
    ) IS NOT FALSE
    AND (
        SELECT bool_and((self_awareness -> name)::TEXT IS NOT DISTINCT FROM ($16::JSONB -> name)::TEXT)
        FROM unnest($9::TEXT[]) AS name
    ) IS NOT FALSE
    AND (NOT $12::BOOLEAN OR embedding::TEXT IS NOT DISTINCT FROM $17::VECTOR::TEXT)
RETURNING
    soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding, xmin AS version;

-- name: load_relationship
SELECT id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at, xmin AS version
FROM relationships
WHERE id = $1;

-- name: load_relationships
SELECT id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at, xmin AS version
FROM relationships
WHERE id = ANY($1::UUID[]);

-- name: lock_relationship
SELECT id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at, xmin AS version
FROM relationships
WHERE id = $1
FOR NO KEY UPDATE;

-- name: stream_relationships
SELECT id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at, xmin AS version
FROM relationships
WHERE ($1::TEXT IS NULL OR genesis ->> 'type' = $1::TEXT) AND ($2::BOOLEAN OR (tags @> '{tombstone}') IS NOT TRUE);

-- name: save_relationship
INSERT INTO relationships (id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::TIMESTAMP, CURRENT_TIMESTAMP))
ON CONFLICT (id) DO NOTHING
RETURNING created_at, xmin AS version;

-- name: merge_relationship
-- $2 … $8 as in merge_being, as far as relationships have the columns; $9 and $10 what was under the keys of $5 and $7.
UPDATE relationships
SET tags = coalesce($3, tags),
    energy_level = coalesce(energy_level, 0) + $4::BIGINT,
    genesis = CASE WHEN $5::TEXT[] IS NULL THEN genesis ELSE (genesis - $5) || $6::JSONB END,
    attributes = CASE WHEN $7::TEXT[] IS NULL THEN attributes ELSE (attributes - $7) || $8::JSONB END
WHERE id = $1
    AND (tags @> '{tombstone}') IS NOT TRUE
    AND coalesce(energy_level, 0) + $4::BIGINT BETWEEN -2147483648 AND 2147483647
    AND ($3::TEXT[] IS NULL OR coalesce(tags, '{}') = $2::TEXT[])
    AND (
        SELECT bool_and((genesis -> name)::TEXT IS NOT DISTINCT FROM ($9::JSONB -> name)::TEXT)
        FROM unnest($5::TEXT[]) AS name
    ) IS NOT FALSE
    AND (
        SELECT bool_and((attributes -> name)::TEXT IS NOT DISTINCT FROM ($10::JSONB -> name)::TEXT)
        FROM unnest($7::TEXT[]) AS name
    ) IS NOT FALSE
RETURNING id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at, xmin AS version;

-- name: transaction_moment
SELECT CURRENT_TIMESTAMP::TIMESTAMP;

-- name: write_core_beings
-- $1 an array of {soul, genesis}; $2 the being of the schema, $3 the digest of the array, $4 the version of this LuxOS.
WITH wanted AS (
    SELECT (item ->> 'soul')::UUID AS soul, item -> 'genesis' AS genesis
    FROM jsonb_array_elements($1::JSONB) AS item
),
written AS (
    INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
    SELECT soul, '{core}', genesis, '{}', '[]', '{}' FROM wanted
    ON CONFLICT (soul) DO UPDATE SET genesis = excluded.genesis
    WHERE base_beings.genesis ->> 'tier' = 'core' AND base_beings.genesis IS DISTINCT FROM excluded.genesis
),
retired AS (
    UPDATE base_beings SET genesis = genesis || jsonb_build_object('retired', $4::TEXT)
    WHERE tags @> '{core}' AND genesis ->> 'tier' = 'core' AND NOT genesis ? 'retired'
      AND soul <> $2 AND soul NOT IN (SELECT soul FROM wanted)
)
UPDATE base_beings SET attributes = attributes || jsonb_build_object('core_digest', $3::TEXT) WHERE soul = $2;

-- name: core_digest
SELECT attributes ->> 'core_digest' FROM base_beings WHERE soul = $1;
