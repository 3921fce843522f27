-- What must not be: each query gives the `rule` that a row breaks, `who` it is, and what was `wanted` and `found`.
-- Whatever a row says, no query fails of it: a value is looked at before it is taken for a number.

-- name: check_shapes
SELECT 'shape' AS rule, soul AS who, NULL::BIGINT AS wanted, NULL::BIGINT AS found
FROM base_beings
WHERE jsonb_typeof(genesis) <> 'object' OR jsonb_typeof(attributes) <> 'object'
    OR jsonb_typeof(memories) <> 'array' OR jsonb_typeof(self_awareness) <> 'object'
UNION ALL
SELECT 'owner', soul, NULL, NULL FROM base_beings WHERE coalesce(jsonb_typeof(genesis -> 'owner'), '') <> 'string'
UNION ALL
SELECT 'shape', id, NULL, NULL
FROM relationships
WHERE jsonb_typeof(genesis) <> 'object' OR jsonb_typeof(attributes) <> 'object';

-- name: check_readable
-- A column may hold what PostgreSQL reads and Python does not. What is short is neither deep nor long.
SELECT 'unreadable' AS rule, who, NULL::BIGINT AS wanted, NULL::BIGINT AS found
FROM (
    SELECT soul AS who, ARRAY[genesis, attributes, memories, self_awareness] AS columns FROM base_beings
    UNION ALL
    SELECT id, ARRAY[genesis, attributes] FROM relationships
) AS rows
WHERE EXISTS (
    SELECT FROM unnest(columns) AS value
    WHERE octet_length(value::TEXT) > 600 AND (
        jsonb_path_exists(value, '$.**{300}')
        OR jsonb_path_exists(
            value, '$.**{0 to 300} ? (@.type() == "number" && (@ > 1e4000 || @ < -1e4000))')));

-- name: check_ends
-- Foreign keys hold this, unless somebody switched them off.
SELECT 'source' AS rule, id AS who, NULL::BIGINT AS wanted, NULL::BIGINT AS found
FROM relationships
WHERE NOT EXISTS (SELECT FROM base_beings WHERE soul = source_soul)
UNION ALL
SELECT 'target', id, NULL, NULL
FROM relationships
WHERE NOT EXISTS (SELECT FROM base_beings WHERE soul = target_soul);

-- name: check_kinds
-- What LuxOS keeps for itself says what its kind has to say. A person's own being may bear the same tag, not the type.
WITH wanted (kind, place, is_what) AS (VALUES
    ('alias', '{genesis,name}', 'text'),
    ('cleaning', '{attributes,removed}', 'object'),
    ('cleaning', '{attributes,pending}', 'list'),
    ('conversation', '{attributes,user_input}', 'text'),
    ('conversation', '{attributes,ai_response}', 'text'),
    ('conversation', '{genesis,created_at}', 'moment'),
    ('environment', '{genesis,name}', 'text'),
    ('environment', '{attributes,souls}', 'object'),
    ('imported_soul', '{genesis,old_hash}', 'text'),
    ('imported_soul', '{genesis,report}', 'object'),
    ('manifest', '{genesis,manifest}', 'object'),
    ('message', '{attributes,channel}', 'uuid'),
    ('message', '{attributes,seq}', 'whole'),
    ('node', '{genesis,public_key}', 'text'),
    ('node', '{attributes,status}', 'text'),
    ('project', '{attributes,path}', 'text'),
    ('project', '{attributes,status}', 'text'),
    ('promotion', '{genesis,name}', 'text'),
    ('promotion', '{genesis,terms}', 'object'),
    ('promotion', '{attributes,status}', 'promotion'),
    ('promotion', '{attributes,equal}', 'whole'),
    ('promotion', '{attributes,unsure}', 'whole'),
    ('promotion', '{attributes,slow}', 'whole'),
    ('promotion', '{attributes,differences}', 'list'),
    ('run', '{genesis,created_at}', 'moment'),
    ('run', '{genesis,goal}', 'text'),
    ('run', '{genesis,program}', 'text'),
    ('run', '{attributes,workspace}', 'text'),
    ('run', '{attributes,status}', 'text'),
    ('schedule', '{genesis,name}', 'text'),
    ('schedule', '{genesis,cron}', 'text'),
    ('schedule', '{genesis,zone}', 'text'),
    ('schedule', '{genesis,who}', 'text'),
    ('schedule', '{genesis,arguments,args}', 'list'),
    ('schedule', '{genesis,arguments,kwargs}', 'object'),
    ('schedule', '{genesis,options}', 'object'),
    ('schedule', '{attributes,next}', 'whole or null'),
    ('schedule', '{attributes,missed}', 'whole'),
    ('signing_key', '{genesis,public_key}', 'text'),
    ('task', '{genesis,who}', 'text'),
    ('task', '{genesis,queue}', 'text'),
    ('task', '{genesis,arguments,args}', 'list'),
    ('task', '{genesis,arguments,kwargs}', 'object'),
    ('task', '{attributes,status}', 'task'),
    ('task', '{attributes,priority}', 'whole'),
    ('task', '{attributes,attempt}', 'whole'),
    ('task', '{attributes,token}', 'whole'),
    ('task', '{attributes,at}', 'whole'),
    ('channel', '{attributes,sent}', 'whole'),
    ('reading', '{attributes,read}', 'whole')
),
rows AS (
    SELECT soul AS who, genesis ->> 'type' AS kind, jsonb_build_object('genesis', genesis, 'attributes', attributes) AS row
    FROM base_beings
    WHERE tags && '{alias,audit,conversation,environment,imported_soul,manifest,message,node,project,promotion,run,schedule,
            signing_key,task}'
        AND (tags @> '{alias}' AND attributes ? 'renamed') IS NOT TRUE
    UNION ALL
    SELECT id, genesis ->> 'type', jsonb_build_object('genesis', genesis, 'attributes', attributes)
    FROM relationships
    WHERE tags && '{channel,reading}'
),
told AS (
    SELECT who, place, is_what, row #> place::TEXT[] AS value FROM wanted JOIN rows USING (kind)
)
SELECT 'kind' AS rule, who, array_to_string(place::TEXT[], '.') AS wanted, NULL::TEXT AS found
FROM told
WHERE coalesce(CASE is_what
    WHEN 'text' THEN jsonb_typeof(value) = 'string'
    WHEN 'object' THEN jsonb_typeof(value) = 'object'
    WHEN 'list' THEN jsonb_typeof(value) = 'array'
    WHEN 'whole' THEN value::TEXT ~ '^-?[0-9]{1,18}$'
    WHEN 'whole or null' THEN value::TEXT ~ '^(null|-?[0-9]{1,18})$'
    WHEN 'uuid' THEN value::TEXT ~ '^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$'
    WHEN 'task' THEN value <@ '["todo", "doing", "done", "failed", "cancelled"]'
    WHEN 'promotion' THEN value
        <@ '["shadowing", "watched", "kept", "different", "slower", "back", "overtaken", "stopped"]'
    WHEN 'moment' THEN value::TEXT ~ '^"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]'
END, FALSE) IS FALSE
UNION ALL
SELECT 'class', soul, NULL, genesis ->> 'class_hash'
FROM base_beings AS instance
WHERE genesis ? 'class_hash' AND NOT EXISTS (
    SELECT FROM base_beings AS version
    WHERE version.tags @> '{soul}' AND version.genesis ->> 'soul_hash' = instance.genesis ->> 'class_hash')
UNION ALL
SELECT 'hash', told.soul, told.place, told.hash
FROM (
    SELECT soul, 'genesis.new_hash' AS place, genesis ->> 'new_hash' AS hash
    FROM base_beings WHERE tags @> '{imported_soul}' AND genesis ->> 'type' = 'imported_soul'
    UNION ALL
    SELECT soul, place, genesis ->> replace(place, 'genesis.', '')
    FROM base_beings, unnest('{genesis.from,genesis.to}'::TEXT[]) AS place
    WHERE tags @> '{promotion}' AND genesis ->> 'type' = 'promotion'
) AS told
WHERE NOT EXISTS (
    SELECT FROM base_beings AS version
    WHERE version.tags @> '{soul}' AND version.genesis ->> 'soul_hash' = told.hash)
UNION ALL
SELECT 'hash', soul, 'genesis.old_hash', genesis ->> 'old_hash'
FROM base_beings
WHERE tags @> '{imported_soul}' AND genesis ->> 'type' = 'imported_soul'
    AND genesis ->> 'old_hash' IS DISTINCT FROM genesis #>> '{report,soul_info,soul_hash}'
UNION ALL
SELECT 'channel', soul, NULL, NULL
FROM base_beings AS message
WHERE tags @> '{message}' AND genesis ->> 'type' = 'message'
    AND NOT EXISTS (SELECT FROM relationships WHERE id::TEXT = message.attributes ->> 'channel');

-- name: check_entries
-- A memory has `at` and `kind`, whatever else it says.
SELECT 'entry' AS rule, soul AS who, NULL::BIGINT AS wanted, place - 1 AS found
FROM base_beings
CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(memories) WHEN 'array' THEN memories ELSE '[]' END)
    WITH ORDINALITY AS entry (memory, place)
WHERE coalesce(jsonb_typeof(memory -> 'at'), '') <> 'string' OR coalesce(jsonb_typeof(memory -> 'kind'), '') <> 'string';

-- name: check_memories
WITH chapters AS (
    SELECT
        tie.source_soul AS being,
        CASE WHEN tie.attributes ->> 'first' ~ '^[0-9]{1,18}$' THEN (tie.attributes ->> 'first')::BIGINT ELSE -1 END AS first,
        CASE WHEN tie.attributes ->> 'count' ~ '^[0-9]{1,18}$' THEN (tie.attributes ->> 'count')::BIGINT ELSE -1 END AS count,
        CASE jsonb_typeof(chapter.memories) WHEN 'array' THEN jsonb_array_length(chapter.memories) ELSE -2 END AS held,
        CASE WHEN being.memories -> 0 ->> 'forgotten' ~ '^[0-9]{1,18}$'
            THEN (being.memories -> 0 ->> 'forgotten')::BIGINT ELSE 0 END AS forgotten
    FROM relationships AS tie JOIN base_beings AS chapter ON chapter.soul = tie.target_soul
    JOIN base_beings AS being ON being.soul = tie.source_soul
    WHERE tie.tags @> '{memory}' AND tie.genesis ->> 'type' = 'memory'
),
ordered AS (
    SELECT *, coalesce(lag(first + count) OVER (PARTITION BY being ORDER BY first), forgotten) AS expected FROM chapters
),
moved AS (
    SELECT being, max(first + count) AS count FROM chapters GROUP BY being
),
windows AS (
    SELECT soul, moved.count AS moved,
        CASE WHEN memories -> 0 ->> 'forgotten' ~ '^[0-9]{1,18}$'
            THEN (memories -> 0 ->> 'forgotten')::BIGINT ELSE 0 END AS forgotten,
        CASE WHEN memories -> 0 ->> 'kind' IS DISTINCT FROM 'earlier' THEN 0
            WHEN memories -> 0 ->> 'count' ~ '^[0-9]{1,18}$' THEN (memories -> 0 ->> 'count')::BIGINT ELSE -1 END AS count
    FROM base_beings LEFT JOIN moved ON being = soul
    WHERE memories -> 0 ->> 'kind' = 'earlier' OR moved.being IS NOT NULL
)
SELECT 'gap' AS rule, being AS who, expected AS wanted, first AS found
FROM ordered WHERE first <> expected
UNION ALL
SELECT 'chapter', being, count, held FROM ordered WHERE count <> held
UNION ALL
SELECT 'window', soul, coalesce(moved, forgotten), count FROM windows WHERE count <> coalesce(moved, forgotten);
