-- Messages along a channel. Two rows keep a channel's numbers, so that writers and readers do not wait for each other:
-- the channel itself (sender to receiver, `sent`: how many were sent), and its reading (receiver to sender, `read`: the
-- number of the last one that took effect).

-- name: open_channel
-- $1 the channel, $2 its reading, $3 the sender, $4 the receiver, $5 the genesis of the channel, $6 that of the reading.
WITH channel AS (
    INSERT INTO relationships (id, tags, source_soul, target_soul, genesis, attributes)
    VALUES ($1, '{channel}', $3, $4, $5, '{"sent": 0}')
    ON CONFLICT (id) DO NOTHING
)
INSERT INTO relationships (id, tags, source_soul, target_soul, genesis, attributes)
VALUES ($2, '{reading}', $4, $3, $6, '{"read": 0}')
ON CONFLICT (id) DO NOTHING;

-- name: send_message
-- $1 the channel, $2 the message, $3 its genesis, $4 its attributes but for the number, $5 where listeners hear of it,
-- $6 whether the transaction ends here and need not wait for the disk: `flush_commits` follows; $7 whether listeners
-- also get the row of the message, where it is shorter than the 8000 bytes that a notice may have.
-- The channel's row is locked until the sender's transaction ends, so numbers follow in the order of commits, without
-- gaps. Nothing is written where the message is there already.
WITH channel AS (
    UPDATE relationships
    SET attributes = attributes || jsonb_build_object('sent', (attributes ->> 'sent')::BIGINT + 1)
    WHERE id = $1 AND tags @> '{channel}' AND NOT EXISTS (SELECT FROM base_beings WHERE soul = $2)
    RETURNING attributes -> 'sent' AS seq
),
message AS (
    INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
    SELECT $2, '{message}', $3, $4::JSONB || jsonb_build_object('seq', channel.seq), '[]', '{}' FROM channel
    RETURNING soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding
)
SELECT message.*,
       pg_notify($5::TEXT, $1::UUID::TEXT || CASE WHEN octet_length(told.row) < 7900 THEN ' ' || told.row ELSE '' END),
       CASE WHEN $6::BOOLEAN THEN set_config('synchronous_commit', 'off', TRUE) END
FROM message
LEFT JOIN LATERAL (SELECT row_to_json(message)::TEXT AS row) AS told ON $7::BOOLEAN;

-- name: flush_commits
-- Returns when everything that was committed before is on the disk: this is itself a commit that waits for it.
SELECT pg_logical_emit_message(TRUE, 'luxos', '');

-- name: take_message
-- $1 the channel, $2 its reading, which is locked; no row where somebody else has it, and of the message nothing but
-- nulls where there is none. A channel's messages become visible in the order of their numbers, so the lowest one after
-- `read` is the next; one that was deleted is passed over. Where another reader moved on since this statement began, the row that it locks is the newer one,
-- and `read` is not below the message's number: then it was read already.
SELECT (reading.attributes ->> 'read')::BIGINT AS read, message.*
FROM relationships AS reading LEFT JOIN LATERAL (
    SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding
    FROM base_beings
    WHERE tags @> '{message}' AND attributes ->> 'channel' = $1::UUID::TEXT
        AND attributes -> 'seq' > reading.attributes -> 'read' AND (tags @> '{tombstone}') IS NOT TRUE
    ORDER BY attributes -> 'seq'
    LIMIT 1
) AS message ON TRUE
WHERE reading.id = $2
FOR NO KEY UPDATE OF reading SKIP LOCKED;

-- name: is_message_waiting
-- Whether there is a message that did not take effect yet; no row where there is no channel.
SELECT EXISTS (
    SELECT FROM base_beings
    WHERE tags @> '{message}' AND attributes ->> 'channel' = $1::UUID::TEXT
        AND attributes -> 'seq' > reading.attributes -> 'read' AND (tags @> '{tombstone}') IS NOT TRUE
)
FROM relationships AS reading
WHERE reading.id = $2;

-- name: move_reading
-- The reader, who holds the reading's lock, is done with the message of this number.
UPDATE relationships SET attributes = attributes || jsonb_build_object('read', $2::BIGINT) WHERE id = $1;

-- name: channel_numbers
-- How many messages were sent, and how many of them took effect.
SELECT (channel.attributes ->> 'sent')::BIGINT AS sent, (reading.attributes ->> 'read')::BIGINT AS read
FROM relationships AS channel, relationships AS reading
WHERE channel.id = $1 AND reading.id = $2;
