-- What `luxos doctor` asks.

-- name: count_beings
SELECT count(*) FROM base_beings;

-- name: answer
-- Whether the database answers at all.
SELECT 1;
