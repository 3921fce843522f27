-- The two tables of LuxOS, as docs "luxos-beings" gives them, and one more column: the embedding, of any dimension.

CREATE TABLE base_beings (
    soul UUID PRIMARY KEY,
    tags TEXT[] DEFAULT '{}',
    energy_level INTEGER DEFAULT 0,
    genesis JSONB NOT NULL,
    attributes JSONB NOT NULL,
    memories JSONB NOT NULL,
    self_awareness JSONB NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    embedding VECTOR
);

CREATE INDEX idx_base_beings_genesis ON base_beings USING gin (genesis);
CREATE INDEX idx_base_beings_attributes ON base_beings USING gin (attributes);
CREATE INDEX idx_base_beings_memories ON base_beings USING gin (memories);
CREATE INDEX idx_base_beings_self_awareness ON base_beings USING gin (self_awareness);
CREATE INDEX idx_base_beings_energy_level ON base_beings (energy_level);
CREATE INDEX idx_being_tags ON base_beings USING gin (tags);

CREATE TABLE relationships (
    id UUID PRIMARY KEY,
    tags TEXT[] DEFAULT '{}',
    energy_level INTEGER DEFAULT 0,
    source_soul UUID NOT NULL,
    target_soul UUID NOT NULL,
    genesis JSONB NOT NULL,
    attributes JSONB NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (source_soul) REFERENCES base_beings (soul),
    FOREIGN KEY (target_soul) REFERENCES base_beings (soul)
);

CREATE INDEX idx_relationships_genesis ON relationships USING gin (genesis);
CREATE INDEX idx_relationships_attributes ON relationships USING gin (attributes);
CREATE INDEX idx_relationships_source ON relationships (source_soul);
CREATE INDEX idx_relationships_target ON relationships (target_soul);
CREATE INDEX idx_relationships_energy_level ON relationships (energy_level);
CREATE INDEX idx_rel_tags ON relationships USING gin (tags);

-- Ours, each beside what reads it: lists by time, and the chapters of a being's memories.
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
CREATE INDEX idx_luxos_tasks ON base_beings (
    (attributes ->> 'status'), (genesis ->> 'queue'), (genesis ->> 'owner'), (genesis ->> 'who'),
    (attributes -> 'priority'), (attributes -> 'at'))
WHERE tags @> '{task}' AND attributes ->> 'status' IN ('todo', 'doing', 'failed');
CREATE INDEX idx_luxos_tasks_ended ON base_beings ((genesis ->> 'queue'), (attributes -> 'ended'))
WHERE tags @> '{task}' AND attributes ->> 'status' IN ('done', 'cancelled');
