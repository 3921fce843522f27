-- Tombstones, and removal for good.

-- name: delete_being
-- Nothing where it is not there, deleted already, sealed, part of the code, or of a kind $3 that
-- LuxOS stands on. `$2` is {at, by}; an attribute of the being's own that is called so is kept in it, as `was`.
UPDATE base_beings
SET tags = array_append(tags, 'tombstone'),
    attributes = attributes || jsonb_build_object(
        'deleted', $2::JSONB || CASE WHEN attributes ? 'deleted'
            THEN jsonb_build_object('was', attributes -> 'deleted') ELSE '{}' END)
WHERE soul = $1 AND (tags && '{tombstone, seal, audit_chain}') IS NOT TRUE AND genesis ->> 'tier' IS DISTINCT FROM 'core'
    AND (tags && $3::TEXT[] AND genesis ->> 'type' = ANY($3::TEXT[])) IS NOT TRUE
    AND (tags @> '{soul}' AND genesis ? 'soul_hash') IS NOT TRUE
RETURNING soul;

-- name: delete_relationship
UPDATE relationships
SET tags = array_append(tags, 'tombstone'),
    attributes = attributes || jsonb_build_object(
        'deleted', $2::JSONB || CASE WHEN attributes ? 'deleted'
            THEN jsonb_build_object('was', attributes -> 'deleted') ELSE '{}' END)
WHERE id = $1 AND (tags @> '{tombstone}') IS NOT TRUE
    AND (tags && $3::TEXT[] AND genesis ->> 'type' = ANY($3::TEXT[])) IS NOT TRUE
RETURNING id;

-- name: restore_being
UPDATE base_beings
SET tags = array_remove(tags, 'tombstone'),
    attributes = (attributes - 'deleted') || CASE WHEN attributes -> 'deleted' ? 'was'
        THEN jsonb_build_object('deleted', attributes #> '{deleted,was}') ELSE '{}' END
WHERE soul = $1 AND tags @> '{tombstone}'
RETURNING soul;

-- name: restore_relationship
UPDATE relationships
SET tags = array_remove(tags, 'tombstone'),
    attributes = (attributes - 'deleted') || CASE WHEN attributes -> 'deleted' ? 'was'
        THEN jsonb_build_object('deleted', attributes #> '{deleted,was}') ELSE '{}' END
WHERE id = $1 AND tags @> '{tombstone}'
RETURNING id;

-- name: lock_purged_aliases
-- The aliases come before the being that carries them, as for whoever changes a soul; else each waits for the other.
SELECT soul FROM base_beings
WHERE tags @> '{alias}' AND attributes @> jsonb_build_object('being', $1::UUID::TEXT)
ORDER BY soul
FOR NO KEY UPDATE;

-- name: lock_purged
-- Nobody can refer to it any more, from here to the end of the transaction.
SELECT tags, genesis FROM base_beings WHERE soul = $1 FOR UPDATE;

-- name: purged_with
-- The beings that are only there for one: the chapters of its memories, and what was sent along its channels.
-- A person's own relationship may bear the same tag, and what it leads to stays.
SELECT 'chapters' AS what, target_soul AS soul
FROM relationships JOIN base_beings AS chapter ON chapter.soul = target_soul
WHERE relationships.tags @> '{memory}' AND relationships.genesis ->> 'type' = 'memory' AND source_soul = $1
    AND chapter.genesis ->> 'type' = 'memory'
UNION ALL
SELECT 'messages', message.soul
FROM relationships AS channel
JOIN base_beings AS message
    ON message.tags @> '{message}' AND message.genesis ->> 'type' = 'message'
    AND message.attributes ->> 'channel' = channel.id::TEXT
WHERE channel.tags @> '{channel}' AND (channel.source_soul = $1 OR channel.target_soul = $1);

-- name: purged_relationships
-- What ties these beings to others, and to each other.
SELECT
    CASE WHEN tags @> '{step}' THEN 'steps' WHEN tags @> '{channel}' THEN 'channels'
        WHEN tags @> '{descent}' THEN 'descendants' ELSE 'relationships' END AS what,
    count(*) AS count
FROM relationships
WHERE (source_soul = ANY($1::UUID[]) OR target_soul = ANY($1::UUID[]))
    AND (genesis ->> 'type' IN ('memory', 'reading')) IS NOT TRUE
GROUP BY 1;

-- name: purged_steps
-- How many steps of each run called these beings, and what became of the run.
SELECT run.soul AS run, run.attributes ->> 'status' AS status, count(*) AS count
FROM relationships AS step JOIN base_beings AS run ON run.soul = step.source_soul
WHERE 'step' = ANY(step.tags) AND step.genesis ->> 'type' = 'step' AND step.target_soul = ANY($1::UUID[])
GROUP BY run.soul;

-- name: purged_aliases
SELECT genesis ->> 'name' AS name FROM base_beings
WHERE tags @> '{alias}' AND attributes @> jsonb_build_object('being', $1::UUID::TEXT)
ORDER BY 1;

-- name: purged_promotion
-- The alias whose calls are watched for a promotion that goes on and that its living being $1 names.
SELECT promotion.genesis ->> 'name' FROM base_beings AS living JOIN base_beings AS promotion
    ON promotion.tags @> '{promotion}' AND promotion.soul::TEXT = living.genesis ->> 'followed'
WHERE living.soul = $1 AND promotion.genesis ->> 'type' = 'promotion'
    AND promotion.attributes ->> 'status' IN ('shadowing', 'watched');

-- name: write_checkpoints
-- Of each link that goes, its run keeps the number and the hashes, so that the rest of the chain still shows; of a step
-- with an attempt that has no link, its id.
WITH gone AS (
    SELECT step.source_soul AS run, step.id, link.entry
    FROM relationships AS step CROSS JOIN LATERAL (
        SELECT step.attributes -> 'chain' AS entry
        UNION ALL
        SELECT attempt -> 'chain' FROM jsonb_array_elements(coalesce(step.attributes -> 'attempts', '[]')) AS attempt
    ) AS link
    WHERE 'step' = ANY(step.tags) AND step.target_soul = ANY($1::UUID[])
),
runs AS (
    SELECT run,
        coalesce(jsonb_agg(entry ORDER BY entry -> 'seq') FILTER (WHERE entry IS NOT NULL), '[]') AS entries,
        coalesce(jsonb_agg(DISTINCT id) FILTER (WHERE entry IS NULL), '[]') AS open
    FROM gone GROUP BY run
)
UPDATE base_beings
SET attributes = attributes || jsonb_build_object(
    'checkpoints', coalesce(attributes -> 'checkpoints', '[]') || entries,
    'gone', coalesce(attributes -> 'gone', '[]') || open)
FROM runs
WHERE soul = run;

-- name: unname_being
UPDATE base_beings
SET attributes = attributes - 'being', memories = memories || jsonb_build_array($2::JSONB)
WHERE tags @> '{alias}' AND attributes @> jsonb_build_object('being', $1::UUID::TEXT);

-- name: remove_relationships
DELETE FROM relationships WHERE source_soul = ANY($1::UUID[]) OR target_soul = ANY($1::UUID[]);

-- name: remove_beings
DELETE FROM base_beings WHERE soul = ANY($1::UUID[]);
