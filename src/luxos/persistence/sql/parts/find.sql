-- Finding beings. beings/find.py puts a head, the conditions that a filter needs, an order and a limit together; each
-- part counts its own arguments from $1. {columns} are those of load_beings, {words} are find_words, {dimension} is a
-- checked integer, since a type's length cannot be an argument.

-- name: find_words
-- {words}: the words of a being, to the letter as in idx_luxos_text; of long attributes none, for an index takes no more.
to_tsvector('simple', left(coalesce(genesis ->> 'name', ''), 1000))
|| to_tsvector('simple', left(coalesce(genesis ->> 'purpose', ''), 10000))
|| CASE WHEN octet_length(attributes::TEXT) < 250000
        THEN jsonb_to_tsvector('simple', attributes, '["string"]') ELSE '' END

-- name: count_beings
SELECT count(*) FROM base_beings WHERE TRUE

-- name: find_beings
SELECT {columns} FROM base_beings WHERE TRUE

-- name: find_beings_by_likeness
SELECT {columns}, ts_rank({words}, $1::TEXT::TSQUERY)::FLOAT8 AS likeness
FROM base_beings WHERE TRUE

-- name: find_beings_by_distance
-- `find_nearest` ends it.
SELECT * FROM (
SELECT {columns}, (embedding::VECTOR({dimension}) <=> $1::TEXT::VECTOR) AS distance FROM base_beings WHERE TRUE

-- name: find_tags
AND tags @> $1::TEXT[]

-- name: find_any_tags
AND tags && $1::TEXT[]

-- name: find_without_tags
AND (tags && $1::TEXT[]) IS NOT TRUE

-- name: find_without_kinds
AND coalesce(genesis ->> 'type', '') <> ALL ($1::TEXT[])

-- name: find_energy_from
AND energy_level >= $1::BIGINT

-- name: find_energy_to
AND energy_level <= $1::BIGINT

-- name: find_created_from
AND created_at >= $1::TIMESTAMP

-- name: find_created_to
AND created_at < $1::TIMESTAMP

-- name: find_attributes
AND attributes @> $1::JSONB

-- name: find_genesis
AND genesis @> $1::JSONB

-- name: find_key
AND attributes ? $1::TEXT

-- name: find_path
AND attributes @? $1::TEXT::JSONPATH

-- name: find_predicate
AND attributes @@ $1::TEXT::JSONPATH

-- name: find_text
AND ({words}) @@ $1::TEXT::TSQUERY

-- name: find_near
AND vector_dims(embedding) = {dimension}

-- name: find_after_soul
AND soul > $1::UUID

-- name: find_after_created
AND (created_at, soul) > ($1::TIMESTAMP, $2::UUID)

-- name: find_before_created
AND (created_at, soul) < ($1::TIMESTAMP, $2::UUID)

-- name: find_after_energy
AND (energy_level, soul) > ($1::BIGINT, $2::UUID)

-- name: find_before_energy
AND (energy_level, soul) < ($1::BIGINT, $2::UUID)

-- name: find_after_likeness
AND (-ts_rank({words}, $1::TEXT::TSQUERY)::FLOAT8, soul) > (-$2::FLOAT8, $3::UUID)

-- name: find_after_distance
AND ((embedding::VECTOR({dimension}) <=> $1::TEXT::VECTOR), soul) > ($2::FLOAT8, $3::UUID)

-- name: find_by_soul
ORDER BY soul

-- name: find_by_created
AND created_at IS NOT NULL ORDER BY created_at, soul

-- name: find_by_created_last
AND created_at IS NOT NULL ORDER BY created_at DESC, soul DESC

-- name: find_by_energy
AND energy_level IS NOT NULL ORDER BY energy_level, soul

-- name: find_by_energy_last
AND energy_level IS NOT NULL ORDER BY energy_level DESC, soul DESC

-- name: find_by_likeness
ORDER BY likeness DESC, soul

-- name: find_by_distance
-- By the distance alone: an index of vectors knows no second key; `find_nearest` has it.
ORDER BY embedding::VECTOR({dimension}) <=> $1::TEXT::VECTOR

-- name: find_by_exact_distance
-- The same, so that no index of vectors knows it.
ORDER BY (embedding::VECTOR({dimension}) <=> $1::TEXT::VECTOR) + 0

-- name: find_nearest
-- Of those that are equally far as the last one all, so that the pages cut between them by their souls.
FETCH FIRST $1 ROWS WITH TIES
) AS nearest ORDER BY distance, soul LIMIT $1

-- name: find_for_values
-- Always true, and no work: but a plan that is made for any values counts to 10^12 in its costs, so PostgreSQL, which
-- looks at these, plans the statement for its very values each time, however long the driver keeps it.
AND ($1::BOOLEAN OR (SELECT count(*) FROM generate_series(1, 1000000000000)) > 0)

-- name: find_limit
LIMIT $1

-- name: vector_index
CREATE INDEX IF NOT EXISTS idx_luxos_embedding_{dimension} ON base_beings
USING hnsw ((embedding::VECTOR({dimension})) vector_cosine_ops)
WHERE vector_dims(embedding) = {dimension};
