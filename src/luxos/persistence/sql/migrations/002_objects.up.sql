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
