-- Beings and relationships. A change is written by difference: what is not named keeps the value in the row.

-- name: load_beings
SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding::TEXT
FROM base_beings
WHERE soul = ANY($1::UUID[]);

-- name: lock_being
SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding::TEXT
FROM base_beings
WHERE soul = $1
FOR NO KEY UPDATE;

-- name: save_being
INSERT INTO base_beings (soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding)
VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::TIMESTAMP, CURRENT_TIMESTAMP), $9::TEXT::VECTOR)
ON CONFLICT (soul) DO NOTHING
RETURNING soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding::TEXT;

-- name: update_being
-- $2 tags or null; $3 energy to add; $4 … $9 keys to drop and values to set, in turn, of genesis, attributes and
-- self_awareness; $10 memories to append; $11 whether the embedding changes, $12 to what.
UPDATE base_beings
SET tags = coalesce($2, tags),
    energy_level = coalesce(energy_level, 0) + $3::BIGINT,
    genesis = (genesis - $4::TEXT[]) || $5::JSONB,
    attributes = (attributes - $6::TEXT[]) || $7::JSONB,
    self_awareness = (self_awareness - $8::TEXT[]) || $9::JSONB,
    memories = memories || $10::JSONB,
    embedding = CASE WHEN $11::BOOLEAN THEN $12::TEXT::VECTOR ELSE embedding END
WHERE soul = $1
RETURNING soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding::TEXT;

-- name: load_relationships
SELECT id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at
FROM relationships
WHERE id = ANY($1::UUID[]);

-- name: lock_relationship
SELECT id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at
FROM relationships
WHERE id = $1
FOR NO KEY UPDATE;

-- name: save_relationship
INSERT INTO relationships (id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::TIMESTAMP, CURRENT_TIMESTAMP))
ON CONFLICT (id) DO NOTHING
RETURNING id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at;

-- name: update_relationship
UPDATE relationships
SET tags = coalesce($2, tags),
    energy_level = coalesce(energy_level, 0) + $3::BIGINT,
    genesis = (genesis - $4::TEXT[]) || $5::JSONB,
    attributes = (attributes - $6::TEXT[]) || $7::JSONB
WHERE id = $1
RETURNING id, tags, energy_level, source_soul, target_soul, genesis, attributes, created_at;

-- name: write_core_beings
-- $1 an array of {soul, genesis}; $2 the being of the schema, $3 the digest of the array.
WITH wanted AS (
    SELECT (item ->> 'soul')::UUID AS soul, item -> 'genesis' AS genesis
    FROM jsonb_array_elements($1::JSONB) AS item
),
written AS (
    INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
    SELECT soul, '{core}', genesis, '{}', '[]', '{}' FROM wanted
    ON CONFLICT (soul) DO UPDATE SET genesis = excluded.genesis
    WHERE base_beings.genesis ->> 'tier' = 'core' AND base_beings.genesis IS DISTINCT FROM excluded.genesis
)
UPDATE base_beings SET attributes = attributes || jsonb_build_object('core_digest', $3::TEXT) WHERE soul = $2;

-- name: core_digest
SELECT attributes ->> 'core_digest' FROM base_beings WHERE soul = $1;
