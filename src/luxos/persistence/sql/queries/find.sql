-- Finding beings: what is asked beside the finding itself, which is put together from sql/parts/find.sql.

-- name: souls_between
SELECT soul FROM base_beings WHERE soul BETWEEN $1 AND $2 ORDER BY soul LIMIT $3;

-- name: instances_named
SELECT soul
FROM base_beings
WHERE genesis @> jsonb_build_object('name', $1::TEXT) AND genesis ? 'class_hash' AND NOT tags @> '{tombstone}'
ORDER BY soul
LIMIT $2;

-- name: ties_by_tag
-- How many relationships a being ($1) has with each of the tags ($2).
SELECT tag, count(*) AS count
FROM relationships CROSS JOIN unnest(tags) AS tag
WHERE (source_soul = $1 OR target_soul = $1) AND tag = ANY($2::TEXT[])
GROUP BY tag
ORDER BY tag;

-- name: instances_between
SELECT soul FROM base_beings
WHERE soul BETWEEN $1 AND $2 AND genesis ? 'class_hash' AND NOT tags @> '{tombstone}'
ORDER BY soul
LIMIT $3;

-- name: souls_named
SELECT soul FROM base_beings WHERE genesis @> jsonb_build_object('name', $1::TEXT) ORDER BY soul LIMIT $2;

-- name: filter_path
-- What PostgreSQL takes a jsonpath for: a predicate gives one boolean, or null, for anything; and the jsonpath as it
-- writes it.
SELECT jsonb_typeof(jsonb_path_query_first('{}', $1::TEXT::JSONPATH, '{}', TRUE)) IN ('boolean', 'null') AS predicate,
       $1::TEXT::JSONPATH::TEXT AS path;

-- name: filter_words
-- The words of a text as PostgreSQL sees them, each as the beginning of one; null where it sees none.
SELECT string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''':*', ' & ' ORDER BY lexeme)
FROM unnest(to_tsvector('simple', $1::TEXT));

-- name: vector_index_wider
-- An index of vectors looks further where conditions leave out what it found first (pgvector 0.8 and newer).
SELECT set_config('hnsw.iterative_scan', 'strict_order', TRUE), set_config('hnsw.ef_search', '100', TRUE)
FROM pg_extension
WHERE extname = 'vector' AND string_to_array(extversion, '.')::INTEGER[] >= '{0,8}';

-- name: has_index
SELECT to_regclass($1::TEXT) IS NOT NULL;

-- name: vector_index_room
-- $1 the length of the vectors. Their index is made many times faster in memory, where each takes some 700 bytes beside
-- its numbers; 2 GB at the most, and never less than was set.
SELECT set_config('maintenance_work_mem', greatest(setting.value, least(2097151, needed.value))::TEXT, TRUE)
FROM (SELECT setting::BIGINT AS value FROM pg_settings WHERE name = 'maintenance_work_mem') AS setting,
     (SELECT 65536 + count(*) * (4 * $1::BIGINT + 700) / 1024 AS value
      FROM base_beings WHERE vector_dims(embedding) = $1::BIGINT) AS needed;

-- name: vector_index_alone
-- Made by one process, which needs no memory that processes share.
SELECT set_config('max_parallel_maintenance_workers', '0', TRUE);
