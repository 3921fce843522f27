DROP INDEX idx_luxos_created;
DROP INDEX idx_luxos_chapters;
DROP INDEX idx_luxos_text;
DROP INDEX idx_luxos_soul_hash;
DROP INDEX idx_luxos_messages;

-- Schema 1 reads whole versions only, and what an alias names from its attributes.
UPDATE base_beings AS version
SET genesis = living.genesis - '{version,ancestors,created_at}'::TEXT[]
FROM base_beings AS alias
JOIN base_beings AS living ON living.soul = (alias.attributes ->> 'being')::UUID
WHERE alias.tags @> '{alias}' AND version.tags @> '{soul}' AND version.genesis ? 'diff'
    AND version.genesis ->> 'soul_hash' = alias.attributes ->> 'hash';

UPDATE base_beings AS forwarding
SET attributes = forwarding.attributes || jsonb_build_object('hash', alias.attributes -> 'hash')
FROM base_beings AS alias
WHERE forwarding.tags @> '{alias}' AND forwarding.attributes ? 'renamed' AND alias.tags @> '{alias}'
    AND alias.genesis -> 'name' = forwarding.attributes -> 'renamed';

UPDATE base_beings
SET attributes = attributes || jsonb_build_object('history', jsonb_build_array(
    jsonb_build_object('hash', attributes -> 'hash', 'at', CURRENT_TIMESTAMP)))
WHERE tags @> '{alias}' AND attributes ? 'hash';
