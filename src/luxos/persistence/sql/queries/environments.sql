-- Reports, environments, manifests, and souls of the older LuxOS.

-- name: versions_since
-- Versions after the moment $1 and the UUID $2, the oldest first, at most $3.
SELECT soul, genesis, created_at
FROM base_beings
WHERE (created_at, soul) > ($1::TIMESTAMP, $2::UUID)
    AND tags @> '{soul}'
    AND genesis ->> 'type' IS DISTINCT FROM 'soul_group'
ORDER BY created_at, soul
LIMIT $3;

-- name: lock_environment
SELECT attributes FROM base_beings WHERE soul = $1 FOR NO KEY UPDATE;

-- name: environments
SELECT soul, genesis, attributes FROM base_beings WHERE tags @> '{environment}' ORDER BY genesis ->> 'name', soul;

-- name: manifests
-- All manifests, or those of the environment $1 as {"environment": name}, as they were made.
SELECT soul, genesis FROM base_beings
WHERE tags @> '{manifest}' AND genesis ?| '{manifest,signature}' AND genesis @> $1::JSONB
ORDER BY created_at, soul;

-- name: signing_keys
SELECT soul, genesis FROM base_beings WHERE tags @> '{signing_key}' AND (genesis ->> 'type' = 'signing_key' OR genesis ? 'public_key') ORDER BY soul;

-- name: aliases_page
-- Aliases after the name $1, at most $2.
SELECT genesis ->> 'name' AS name, attributes, created_at
FROM base_beings
WHERE tags @> '{alias}' AND attributes ? 'hash' AND genesis ->> 'name' > $1
ORDER BY genesis ->> 'name'
LIMIT $2;

-- name: old_souls
-- Souls of the older LuxOS whose hash begins with $1; below $2.
SELECT soul, genesis
FROM base_beings
WHERE tags @> '{imported_soul}'
    AND (genesis ->> 'old_hash') COLLATE "C" >= $1
    AND (genesis ->> 'old_hash') COLLATE "C" < $2
ORDER BY genesis ->> 'old_hash'
LIMIT 11;
