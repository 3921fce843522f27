-- Memories: the newest in the being's row, the earlier ones in chapters, which are beings tied to it. A memory's number,
-- from 0, never changes. A row with chapters begins with {"kind": "earlier", "at", "count"}: how many went before.

-- name: append_memory
-- Gives the number of the memory, and how many there are in the row.
UPDATE base_beings
SET memories = memories || jsonb_build_array($2::JSONB)
WHERE soul = $1 AND genesis ->> 'tier' IS DISTINCT FROM 'core' AND (tags @> '{tombstone}') IS NOT TRUE
RETURNING
    jsonb_array_length(memories) - (memories -> 0 ->> 'kind' = 'earlier')::INTEGER AS kept,
    jsonb_array_length(memories) - 1
        + CASE WHEN memories -> 0 ->> 'kind' = 'earlier' THEN (memories -> 0 ->> 'count')::BIGINT - 1 ELSE 0 END AS number;

-- name: settle_memories
-- Moves the oldest memories of $1 into chapters of $3, as many as leave at most $2 in the row. Everything is taken from
-- the row as it is once it is locked, so that other writers lose nothing.
WITH being AS (
    SELECT soul, genesis -> 'owner' AS owner, memories, (memories -> 0 ->> 'kind' = 'earlier')::INTEGER AS head
    FROM base_beings
    WHERE soul = $1
    FOR NO KEY UPDATE
),
plan AS (
    SELECT
        soul, owner, memories, head,
        CASE head WHEN 1 THEN (memories -> 0 ->> 'count')::BIGINT ELSE 0 END AS before,
        (jsonb_array_length(memories) - head - $2::INTEGER + $3::INTEGER - 1) / $3::INTEGER AS parts
    FROM being
    WHERE jsonb_array_length(memories) - head > $2::INTEGER
),
chapters AS (
    SELECT
        md5(plan.soul || ' memories ' || plan.before + part * $3::INTEGER || '+' || $3::INTEGER)::UUID AS chapter,
        plan.soul, plan.owner, content.memories, times.earliest, times.latest,
        plan.before + part * $3::INTEGER AS first
    FROM plan
    CROSS JOIN generate_series(0, plan.parts - 1) AS part
    CROSS JOIN LATERAL (
        SELECT jsonb_path_query_array(plan.memories, '$[$a to $b]', jsonb_build_object(
            'a', plan.head + part * $3::INTEGER, 'b', plan.head + (part + 1) * $3::INTEGER - 1)) AS memories
    ) AS content
    CROSS JOIN LATERAL (
        SELECT min(memory ->> 'at' COLLATE "C") AS earliest, max(memory ->> 'at' COLLATE "C") AS latest
        FROM jsonb_array_elements(content.memories) AS memory
    ) AS times
),
written AS (
    INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
    SELECT chapter, '{memory}', jsonb_build_object('type', 'memory', 'owner', owner), '{}', memories, '{}' FROM chapters
),
tied AS (
    INSERT INTO relationships (id, tags, source_soul, target_soul, genesis, attributes)
    SELECT
        chapter, '{memory}', soul, chapter, jsonb_build_object('type', 'memory', 'owner', owner),
        jsonb_build_object('first', first, 'count', $3::INTEGER, 'from', earliest, 'to', latest)
    FROM chapters
)
UPDATE base_beings
SET memories = jsonb_build_array(
        CASE plan.head WHEN 1 THEN plan.memories -> 0 ELSE '{"kind": "earlier"}' END || jsonb_build_object(
            'at', (SELECT max(latest) FROM chapters), 'count', plan.before + plan.parts * $3::INTEGER))
    || jsonb_path_query_array(
        plan.memories, '$[$a to last]', jsonb_build_object('a', plan.head + plan.parts * $3::INTEGER))
FROM plan
WHERE base_beings.soul = plan.soul
RETURNING plan.before, plan.before + plan.parts * $3::INTEGER AS after;

-- name: bind_memories
-- Makes one volume of $3 memories of the chapters of $1 that hold the numbers from $2, if they are all there.
WITH loose AS (
    SELECT tie.id, tie.attributes, tie.genesis, chapter.soul, chapter.memories
    FROM relationships AS tie
    JOIN base_beings AS chapter ON chapter.soul = tie.target_soul
    WHERE tie.source_soul = $1 AND tie.tags @> '{memory}'
        AND (tie.attributes ->> 'first')::BIGINT >= $2::BIGINT
        AND (tie.attributes ->> 'first')::BIGINT < $2::BIGINT + $3::INTEGER
        AND (tie.attributes ->> 'count')::INTEGER < $3::INTEGER
),
volume AS (
    SELECT
        md5($1::UUID || ' memories ' || $2::BIGINT || '+' || $3::INTEGER)::UUID AS soul,
        (SELECT jsonb_agg(memory ORDER BY (attributes ->> 'first')::BIGINT, number)
         FROM loose CROSS JOIN jsonb_array_elements(memories) WITH ORDINALITY AS entry (memory, number)) AS memories,
        (SELECT genesis FROM loose LIMIT 1) AS genesis,
        min(attributes ->> 'from' COLLATE "C") AS earliest,
        max(attributes ->> 'to' COLLATE "C") AS latest
    FROM loose
    HAVING sum((attributes ->> 'count')::INTEGER) = $3::INTEGER
),
written AS (
    INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
    SELECT soul, '{memory}', genesis, '{}', memories, '{}' FROM volume
),
tied AS (
    INSERT INTO relationships (id, tags, source_soul, target_soul, genesis, attributes)
    SELECT
        soul, '{memory}', $1, soul, genesis,
        jsonb_build_object('first', $2::BIGINT, 'count', $3::INTEGER, 'from', earliest, 'to', latest)
    FROM volume
),
untied AS (
    DELETE FROM relationships WHERE id IN (SELECT id FROM loose) AND EXISTS (SELECT FROM volume)
)
DELETE FROM base_beings WHERE soul IN (SELECT soul FROM loose) AND EXISTS (SELECT FROM volume);

-- name: memories_onward
-- A page of the memories of $1 from the number $2: chapters that begin within $3 numbers, and the row's own, last.
WITH bounds AS (
    SELECT coalesce(
        (SELECT CASE WHEN (near.attributes ->> 'first')::BIGINT + (near.attributes ->> 'count')::BIGINT > $2::BIGINT
                THEN (near.attributes ->> 'first')::BIGINT END
         FROM relationships AS near
         WHERE near.source_soul = $1 AND near.tags @> '{memory}' AND (near.attributes ->> 'first')::BIGINT <= $2::BIGINT
         ORDER BY (near.attributes ->> 'first')::BIGINT DESC LIMIT 1),
        (SELECT (next.attributes ->> 'first')::BIGINT
         FROM relationships AS next
         WHERE next.source_soul = $1 AND next.tags @> '{memory}' AND (next.attributes ->> 'first')::BIGINT > $2::BIGINT
         ORDER BY (next.attributes ->> 'first')::BIGINT LIMIT 1)
    ) AS first
)
SELECT (tie.attributes ->> 'first')::BIGINT AS first, FALSE AS newest, chapter.memories
FROM bounds
JOIN relationships AS tie
    ON tie.source_soul = $1 AND tie.tags @> '{memory}'
    AND (tie.attributes ->> 'first')::BIGINT BETWEEN bounds.first AND bounds.first + $3::INTEGER - 1
JOIN base_beings AS chapter ON chapter.soul = tie.target_soul
UNION ALL
SELECT CASE WHEN memories -> 0 ->> 'kind' = 'earlier' THEN (memories -> 0 ->> 'count')::BIGINT ELSE 0 END, TRUE,
    CASE WHEN memories -> 0 ->> 'kind' = 'earlier' THEN memories - 0 ELSE memories END
FROM base_beings
WHERE soul = $1
ORDER BY newest, first;

-- name: memories_back
-- A page of the memories of $1 up to the number $2, backwards: the row's own, and chapters within $3 numbers.
WITH bounds AS (
    SELECT (near.attributes ->> 'first')::BIGINT AS first
    FROM relationships AS near
    WHERE near.source_soul = $1 AND near.tags @> '{memory}' AND (near.attributes ->> 'first')::BIGINT <= $2::BIGINT
    ORDER BY (near.attributes ->> 'first')::BIGINT DESC LIMIT 1
)
SELECT (tie.attributes ->> 'first')::BIGINT AS first, FALSE AS newest, chapter.memories
FROM bounds
JOIN relationships AS tie
    ON tie.source_soul = $1 AND tie.tags @> '{memory}'
    AND (tie.attributes ->> 'first')::BIGINT BETWEEN bounds.first - $3::INTEGER + 1 AND bounds.first
JOIN base_beings AS chapter ON chapter.soul = tie.target_soul
UNION ALL
SELECT CASE WHEN memories -> 0 ->> 'kind' = 'earlier' THEN (memories -> 0 ->> 'count')::BIGINT ELSE 0 END, TRUE,
    CASE WHEN memories -> 0 ->> 'kind' = 'earlier' THEN memories - 0 ELSE memories END
FROM base_beings
WHERE soul = $1
ORDER BY newest DESC, first DESC;

-- name: memories_since
-- A number from which on the first memory at or after the moment $2 is found: of a chapter, or of those in the row.
SELECT coalesce(
    (SELECT (attributes ->> 'first')::BIGINT
     FROM relationships
     WHERE source_soul = $1 AND tags @> '{memory}' AND attributes ->> 'to' COLLATE "C" >= $2::TEXT
     ORDER BY (attributes ->> 'first')::BIGINT
     LIMIT 1),
    (SELECT (memories -> 0 ->> 'count')::BIGINT
     FROM base_beings
     WHERE soul = $1 AND memories -> 0 ->> 'kind' = 'earlier'));

-- name: memories_until
-- A number down from which the last memory at or before the moment $2 is found; none means there is no such memory.
SELECT CASE
    WHEN EXISTS (
        SELECT FROM base_beings, jsonb_array_elements(memories) AS memory
        WHERE soul = $1 AND memory ->> 'kind' <> 'earlier' AND memory ->> 'at' COLLATE "C" <= $2::TEXT)
    THEN 9223372036854775807
    ELSE (
        SELECT (attributes ->> 'first')::BIGINT + (attributes ->> 'count')::BIGINT - 1
        FROM relationships
        WHERE source_soul = $1 AND tags @> '{memory}' AND attributes ->> 'from' COLLATE "C" <= $2::TEXT
        ORDER BY (attributes ->> 'first')::BIGINT DESC
        LIMIT 1)
END;

-- name: beings_with_memories_before
-- Up to $3 beings after $2, in order, that have a chapter whose memories are all before the moment $1.
SELECT DISTINCT source_soul
FROM relationships
WHERE tags @> '{memory}' AND attributes ->> 'to' COLLATE "C" < $1::TEXT AND source_soul > $2
ORDER BY source_soul
LIMIT $3;

-- name: forget_memories
-- Removes the oldest chapters of $1, as long as all of a chapter is before the moment $2 and $3 newer memories stay.
-- The row is locked before, in a statement of its own. A chapter that something else refers to stays, and those after.
WITH ties AS (
    SELECT
        id, target_soul,
        (attributes ->> 'first')::BIGINT AS first,
        (attributes ->> 'first')::BIGINT + (attributes ->> 'count')::BIGINT AS stop,
        attributes ->> 'to' AS latest
    FROM relationships
    WHERE source_soul = $1 AND tags @> '{memory}' AND genesis ->> 'type' = 'memory'
),
being AS (
    SELECT
        soul, memories,
        (memories -> 0 ->> 'count')::BIGINT AS earlier,
        coalesce((memories -> 0 ->> 'forgotten')::BIGINT, 0) AS gone
    FROM base_beings
    WHERE soul = $1 AND memories -> 0 ->> 'kind' = 'earlier'
),
kept AS (
    SELECT coalesce(min(ties.first), max(being.earlier)) AS first
    FROM being LEFT JOIN ties ON NOT (
        ties.latest COLLATE "C" < $2::TEXT
        AND ties.stop <= being.earlier + jsonb_array_length(being.memories) - 1 - $3::BIGINT
        AND NOT EXISTS (
            SELECT FROM relationships AS other
            WHERE (other.target_soul = ties.target_soul OR other.source_soul = ties.target_soul) AND other.id <> ties.id))
),
removed AS (
    DELETE FROM relationships USING ties, kept
    WHERE relationships.id = ties.id AND ties.stop <= kept.first
    RETURNING ties.target_soul, ties.stop - ties.first AS count, ties.latest
),
erased AS (
    DELETE FROM base_beings USING removed WHERE base_beings.soul = removed.target_soul
),
total AS (
    SELECT sum(count)::BIGINT AS count, max(latest) AS latest FROM removed HAVING count(*) > 0
)
UPDATE base_beings
SET memories = jsonb_build_array(being.memories -> 0 || jsonb_build_object('forgotten', being.gone + total.count))
    || (being.memories - 0)
    || jsonb_build_array(jsonb_build_object(
        'at', $4::TEXT, 'kind', 'forgotten', 'count', total.count, 'until', total.latest))
FROM being, total
WHERE base_beings.soul = being.soul
RETURNING total.count, total.latest;
