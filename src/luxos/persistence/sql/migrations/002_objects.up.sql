-- Beings as objects: who owns what, and the indexes that finding, messages and memories read.

UPDATE base_beings SET genesis = genesis || jsonb_build_object('owner', 'luxos')
WHERE genesis ->> 'tier' = 'core' AND NOT genesis ? 'owner';

UPDATE base_beings SET genesis = genesis || jsonb_build_object('owner', coalesce(
    (SELECT genesis ->> 'owner' FROM base_beings WHERE tags @> '{run}' ORDER BY created_at DESC LIMIT 1),
    CURRENT_USER::TEXT))
WHERE NOT genesis ? 'owner';

CREATE INDEX idx_luxos_created ON base_beings (created_at, soul);
CREATE INDEX idx_luxos_chapters ON relationships (source_soul, ((attributes ->> 'first')::BIGINT))
WHERE tags @> '{memory}';
CREATE INDEX idx_luxos_text ON base_beings USING gin ((
    to_tsvector('simple', left(coalesce(genesis ->> 'name', ''), 1000))
    || to_tsvector('simple', left(coalesce(genesis ->> 'purpose', ''), 10000))
    || CASE WHEN octet_length(attributes::TEXT) < 250000
            THEN jsonb_to_tsvector('simple', attributes, '["string"]') ELSE '' END
));
CREATE INDEX idx_luxos_soul_hash ON base_beings (((genesis ->> 'soul_hash') COLLATE "C")) WHERE tags @> '{soul}';
CREATE UNIQUE INDEX idx_luxos_messages ON base_beings ((attributes ->> 'channel'), (attributes -> 'seq'))
WHERE tags @> '{message}';

-- An alias of schema 1 named a version, and its history stood in its attributes. Now it has a living being as well, and
-- its history is its memories. What went down from schema 2 (`version` is there) goes on where it was.
UPDATE base_beings SET attributes = attributes - 'hash' - 'history'
WHERE tags @> '{alias}' AND attributes ? 'renamed' AND jsonb_array_length(attributes -> 'history') = 1;

WITH entries AS (
    SELECT
        alias.soul,
        entry.value AS told,
        coalesce((alias.attributes ->> 'version')::INTEGER - 1, 0) + entry.number AS version
    FROM base_beings AS alias, jsonb_array_elements(alias.attributes -> 'history') WITH ORDINALITY AS entry (value, number)
    WHERE alias.tags @> '{alias}' AND alias.attributes ? 'history'
        AND entry.number > (alias.attributes ? 'version')::INTEGER
),
told AS (
    SELECT
        soul,
        max(version) AS version,
        jsonb_agg(jsonb_build_object(
            'at', told -> 'at', 'kind', 'version', 'hash', told -> 'hash', 'version', version) ORDER BY version) AS memories
    FROM entries
    GROUP BY soul
),
ready AS (
    SELECT alias.soul, alias.genesis, alias.attributes ->> 'hash' AS hash, told.version, told.memories, gen_random_uuid() AS being
    FROM base_beings AS alias
    JOIN told ON told.soul = alias.soul
),
born AS (
    INSERT INTO base_beings (soul, tags, energy_level, genesis, attributes, memories, self_awareness)
    SELECT
        ready.being,
        '{}',
        100, -- souls.evolution.BORN_WITH
        version.genesis || jsonb_build_object(
            'name', ready.genesis -> 'name',
            'owner', ready.genesis -> 'owner',
            'version', ready.version,
            'ancestors', (
                SELECT coalesce(jsonb_agg(told -> 'hash' ORDER BY entries.version DESC), '[]')
                FROM entries
                WHERE entries.soul = ready.soul AND entries.version BETWEEN ready.version - 32 AND ready.version - 1
            )),
        '{}',
        jsonb_build_array(jsonb_build_object(
            'at', CURRENT_TIMESTAMP, 'kind', 'born', 'hash', ready.hash, 'version', ready.version)),
        '{}'
    FROM ready
    JOIN base_beings AS version ON version.tags @> '{soul}' AND version.genesis ->> 'soul_hash' = ready.hash
)
UPDATE base_beings AS alias
SET memories = alias.memories || ready.memories,
    attributes = (alias.attributes - 'renamed')
        || jsonb_build_object('version', ready.version, 'being', ready.being, 'hash', ready.hash)
FROM ready
WHERE alias.soul = ready.soul;

UPDATE base_beings SET attributes = attributes - 'history' WHERE tags @> '{alias}' AND attributes ? 'history';
