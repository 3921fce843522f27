-- What takes the room, and what goes when its time is over.

-- name: table_sizes
SELECT relname::TEXT AS name, pg_total_relation_size(oid) AS bytes,
    CASE relname WHEN 'base_beings' THEN (SELECT count(*) FROM base_beings)
        ELSE (SELECT count(*) FROM relationships) END AS rows
FROM pg_class
WHERE oid IN ('base_beings'::REGCLASS, 'relationships'::REGCLASS)
ORDER BY relname;

-- name: index_sizes
SELECT indrelid::REGCLASS::TEXT AS owner, relname::TEXT AS name, pg_relation_size(indexrelid) AS bytes
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid IN ('base_beings'::REGCLASS, 'relationships'::REGCLASS)
ORDER BY bytes DESC, name;

-- name: kind_sizes
-- Each column is asked for alone, so that what is stored out of line is not read.
SELECT
    coalesce(genesis ->> 'type', '') AS kind, count(*) AS rows,
    sum(
        56 + pg_column_size(genesis) + pg_column_size(attributes) + pg_column_size(memories)
        + pg_column_size(self_awareness) + coalesce(pg_column_size(tags), 0) + coalesce(pg_column_size(embedding), 0)
    )::BIGINT AS bytes
FROM base_beings
GROUP BY 1
ORDER BY bytes DESC, kind;
