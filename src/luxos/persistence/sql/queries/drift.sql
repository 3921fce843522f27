-- What the schema of a database is, in PostgreSQL's own words.

-- name: current_schema
SELECT relnamespace::REGNAMESPACE::TEXT FROM pg_class WHERE oid = 'base_beings'::REGCLASS;

-- name: create_check_schema
CREATE SCHEMA luxos_check;

-- name: enter_check_schema
SET LOCAL search_path = luxos_check, public;

-- name: describe_schema
-- An index that PostgreSQL could not finish is as good as changed.
WITH ours AS (
    SELECT oid, relname, relkind
    FROM pg_class
    WHERE relnamespace = $1::TEXT::REGNAMESPACE AND relname IN (
        'base_beings', 'relationships', 'projects', 'conversations', 'knowledge_base', 'audit_log')
)
SELECT 'column' AS kind, relname || '.' || attname AS name,
    format_type(atttypid, atttypmod) || attnotnull || coalesce(pg_get_expr(adbin, adrelid), '') AS text
FROM ours JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind = 'r'
UNION ALL
SELECT 'key', conname, pg_get_constraintdef(pg_constraint.oid) || convalidated
FROM ours JOIN pg_constraint ON conrelid = ours.oid WHERE contype IN ('p', 'f')
UNION ALL
SELECT 'index', relname, pg_get_indexdef(indexrelid) || indisvalid
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid IN (SELECT oid FROM ours)
UNION ALL
SELECT 'view', relname, pg_get_viewdef(oid) FROM ours WHERE relkind = 'v';
