-- What `luxos doctor` asks.

-- name: count_beings
SELECT count(*) FROM base_beings;
