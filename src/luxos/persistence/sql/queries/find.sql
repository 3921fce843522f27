-- Finding beings. What begins with find_ is a part; beings/find.py puts the parts that a filter needs together.

-- name: souls_between
SELECT soul FROM base_beings WHERE soul BETWEEN $1 AND $2 ORDER BY soul LIMIT $3;

-- name: souls_named
SELECT soul FROM base_beings WHERE genesis @> jsonb_build_object('name', $1::TEXT) ORDER BY soul LIMIT $2;
