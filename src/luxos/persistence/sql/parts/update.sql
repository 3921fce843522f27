-- Writing what was changed in a row that nobody has written since it was loaded. beings/update.py puts a head and the
-- changes together: what is not named keeps the value in the row and its stored form, and costs nothing. Each change
-- counts its own arguments from $1; the head has two, the key and the version.

-- name: update_being
UPDATE base_beings SET {change}
WHERE soul = $1 AND xmin = $2::XID AND genesis ->> 'tier' IS DISTINCT FROM 'core' {bounds}
RETURNING xmin AS version {results}

-- name: update_relationship
UPDATE relationships SET {change}
WHERE id = $1 AND xmin = $2::XID {bounds}
RETURNING xmin AS version {results}

-- name: change_tags
tags = $1::TEXT[]

-- name: change_energy
energy_level = coalesce(energy_level, 0) + $1::BIGINT

-- name: bounds_energy
AND coalesce(energy_level, 0) + $1::BIGINT BETWEEN -2147483648 AND 2147483647

-- name: change_keys
{column} = {column} || $1::JSONB

-- name: change_and_remove_keys
{column} = ({column} || $1::JSONB) - $2::TEXT[]

-- name: change_memories
memories = memories || $1::JSONB

-- name: results_memories
, jsonb_array_length(memories) - (coalesce(memories -> 0 ->> 'kind', '') = 'earlier')::INTEGER AS remembered

-- name: change_embedding
embedding = $1
