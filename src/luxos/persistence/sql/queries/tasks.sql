-- Tasks in queues. The genesis of a task says what is to be done, its attributes how far it is: `at` is the moment from
-- which on it may begin, `began` and `ended` are moments too, in microseconds since 1970, by this server's clock.
-- An end is written only under the token that the claim gave. Each query repeats the condition of its index.
-- What GIN indexes put off is merged by whoever passes a limit; 4 MB hold a claim or an end, and all who wait for it, up
-- for a third of a second, so statements that write tasks have a smaller one.
-- By which clock `at` was told stands in `seen`, or in `created_at` as long as nobody tried it; see `put_tasks_right`.

-- name: task_clock
SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT;

-- name: put_tasks
-- $1 souls, $2 genesis, $3 attributes, $4 moments from which on they may begin, null or gone by for now; $5 where workers
-- hear of it, $6 whether the transaction ends here and need not wait for the disk: `flush_commits` follows. A task that
-- is there already is left as it is, and not given. Each begins a microsecond after the one before: their order stays.
WITH clock AS MATERIALIZED (
    SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now,
        set_config('gin_pending_list_limit', '256kB', TRUE)
),
put AS (
    INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness, created_at)
    SELECT wanted.soul, '{task}', wanted.genesis,
        wanted.attributes || jsonb_build_object('at', greatest(wanted.at, clock.now) + wanted.number - 1), '[]', '{}',
        to_timestamp(clock.now / 1000000.0) AT TIME ZONE 'UTC'
    FROM clock, unnest($1::UUID[], $2::JSONB[], $3::JSONB[], $4::BIGINT[])
        WITH ORDINALITY AS wanted (soul, genesis, attributes, at, number)
    ORDER BY wanted.soul
    ON CONFLICT (soul) DO NOTHING
    RETURNING soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding
)
SELECT put.*, pg_notify($5::TEXT, 'tasks:' || (put.genesis ->> 'queue')),
    CASE WHEN $6::BOOLEAN THEN set_config('synchronous_commit', 'off', TRUE) END
FROM put;

-- name: count_waiting
-- How many tasks of an owner wait in a queue, up to $3.
SELECT count(*)
FROM (
    SELECT FROM base_beings
    WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo' AND genesis ->> 'queue' = $1
        AND genesis ->> 'owner' = $2
    LIMIT $3
) AS waiting;

-- name: look_for_tasks
-- $1 the queue, $2 how many of each lane, $3 $4 $5 the lane after which to begin, $6 how many lanes. A lane is what one
-- owner wants of one being with one priority; the index is entered once for each. `souls` are those that may begin now.
WITH RECURSIVE lanes AS (
    (
        SELECT genesis ->> 'owner' AS owner, genesis ->> 'who' AS who,
            attributes -> 'priority' AS priority, attributes -> 'at' AS first
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo' AND genesis ->> 'queue' = $1
            AND (genesis ->> 'owner', genesis ->> 'who', attributes -> 'priority')
                > ($3::TEXT, $4::TEXT, $5::JSONB)
        ORDER BY genesis ->> 'owner', genesis ->> 'who', attributes -> 'priority',
            attributes -> 'at'
        LIMIT 1
    )
    UNION ALL
    SELECT following.*
    FROM lanes CROSS JOIN LATERAL (
        SELECT genesis ->> 'owner' AS owner, genesis ->> 'who' AS who,
            attributes -> 'priority' AS priority, attributes -> 'at' AS first
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo' AND genesis ->> 'queue' = $1
            AND (genesis ->> 'owner', genesis ->> 'who', attributes -> 'priority')
                > (lanes.owner, lanes.who, lanes.priority)
        ORDER BY genesis ->> 'owner', genesis ->> 'who', attributes -> 'priority',
            attributes -> 'at'
        LIMIT 1
    ) AS following
),
clock AS MATERIALIZED (SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now)
SELECT lanes.owner, lanes.who, lanes.priority, lanes.first, clock.now,
    ARRAY(
        SELECT soul FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo' AND genesis ->> 'queue' = $1
            AND genesis ->> 'owner' = lanes.owner AND genesis ->> 'who' = lanes.who
            AND attributes -> 'priority' = lanes.priority AND attributes -> 'at' <= to_jsonb(clock.now)
            AND (tags @> '{tombstone}') IS NOT TRUE
        ORDER BY attributes -> 'at'
        LIMIT $2
    ) AS souls
FROM lanes, clock
LIMIT $6;

-- name: claim_tasks
-- $1 tasks in the order in which they are wanted, $2 how many of them, $3 the worker. Those that somebody else has, or
-- had, are passed over. It is not waited for the disk: a claim that a power cut takes back leaves the task as it was.
WITH clock AS MATERIALIZED (
    SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now,
        set_config('gin_pending_list_limit', '256kB', TRUE)
),
free AS (
    SELECT task.soul, wanted.number
    FROM unnest($1::UUID[]) WITH ORDINALITY AS wanted (soul, number) CROSS JOIN LATERAL (
        SELECT soul FROM base_beings
        WHERE soul = wanted.soul AND attributes ->> 'status' = 'todo'
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS task
    LIMIT $2
),
claimed AS (
    UPDATE base_beings AS task
    SET attributes = task.attributes || jsonb_build_object(
        'status', 'doing', 'worker', $3::UUID, 'began', clock.now,
        'token', (task.attributes ->> 'token')::BIGINT + 1, 'attempt', (task.attributes ->> 'attempt')::BIGINT + 1)
    FROM free, clock
    WHERE task.soul = free.soul
    RETURNING task.*, free.number, clock.now
)
SELECT claimed.*, set_config('synchronous_commit', 'off', TRUE) FROM claimed ORDER BY number;

-- name: end_attempts
-- $1 tasks, $2 the tokens under which they are held, $3 attributes that change, $4 microseconds until they may begin
-- again or null, $5 memories, each a list; $6 where workers hear that one may begin at once, $7 who holds them. Gives
-- those that were held so; the others are not touched. The token alone is not enough: after a power cut that took a claim
-- back, the next one gives the same.
WITH clock AS MATERIALIZED (
    SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now,
        set_config('gin_pending_list_limit', '256kB', TRUE)
)
UPDATE base_beings AS task
SET attributes = (task.attributes - '{worker,seen}'::TEXT[]) || ended.change
        || CASE WHEN ended.wait IS NULL THEN jsonb_build_object('ended', clock.now)
                ELSE jsonb_build_object('at', clock.now + ended.wait, 'seen', clock.now) END,
    memories = CASE WHEN ended.memories = '[]' THEN task.memories ELSE task.memories || ended.memories END
FROM clock, unnest($1::UUID[], $2::BIGINT[], $3::JSONB[], $4::BIGINT[], $5::JSONB[], $7::TEXT[])
    AS ended (soul, token, change, wait, memories, worker)
WHERE task.soul = ended.soul AND task.attributes ->> 'status' = 'doing' AND task.attributes -> 'token' = to_jsonb(ended.token)
    AND task.attributes ->> 'worker' IS NOT DISTINCT FROM ended.worker
RETURNING task.soul, jsonb_array_length(task.memories) AS remembered,
    CASE WHEN ended.wait = 0 THEN pg_notify($6::TEXT, 'tasks:' || (task.genesis ->> 'queue')) END;

-- name: cancel_task
-- $2 what it may be now. Whoever carries it out hears of it, and can write nothing more of it.
UPDATE base_beings
SET attributes = (attributes - 'worker') || jsonb_build_object(
        'status', 'cancelled', 'ended', (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT),
    memories = memories || $3::JSONB
WHERE soul = $1 AND tags @> '{task}' AND attributes ->> 'status' = ANY($2::TEXT[])
RETURNING soul, pg_notify($4::TEXT, 'cancelled:' || (genesis ->> 'queue'));

-- name: send_task_again
-- $2 what it may be now. Its attempts are counted anew; its token is not.
WITH clock AS MATERIALIZED (SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now)
UPDATE base_beings
SET attributes = (attributes - '{worker,ended}'::TEXT[]) || jsonb_build_object(
        'status', 'todo', 'attempt', 0, 'result', NULL, 'due', NULL, 'at', clock.now, 'seen', clock.now),
    memories = memories || $3::JSONB
FROM clock
WHERE soul = $1 AND tags @> '{task}' AND attributes ->> 'status' = ANY($2::TEXT[])
RETURNING soul, pg_notify($4::TEXT, 'tasks:' || (genesis ->> 'queue'));

-- name: energies
-- The energy of what tasks call: $1 as they name it, $2 the being or the alias. Core beings have what one is born with.
SELECT wanted.who, CASE WHEN named.tags @> '{core}' THEN 100 ELSE coalesce(living.energy_level, named.energy_level) END
    AS energy
FROM unnest($1::TEXT[], $2::UUID[]) AS wanted (who, soul)
JOIN base_beings AS named ON named.soul = wanted.soul
LEFT JOIN base_beings AS living
    ON living.soul = CASE WHEN named.tags @> '{alias}' THEN (named.attributes ->> 'being')::UUID END;

-- name: begin_lease
-- $1 the worker, $2 its genesis, $3 its attributes, $4 microseconds for which it counts as alive.
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, '{worker}', $2, $3::JSONB || jsonb_build_object(
    'until', (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT + $4::BIGINT, 'lasts', $4::BIGINT), '[]', '{}');

-- name: renew_lease
-- No row where somebody found it over.
UPDATE base_beings
SET attributes = attributes || jsonb_build_object(
    'until', (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT + $2::BIGINT)
WHERE soul = $1 AND tags @> '{worker}'
RETURNING soul;

-- name: leases
-- $1 workers; those that have a lease, and whether it still counts.
SELECT soul, (attributes ->> 'until')::BIGINT >= (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS counts
FROM base_beings
WHERE soul = ANY($1::UUID[]) AND tags @> '{worker}' AND genesis ->> 'type' = 'worker';

-- name: end_lease
DELETE FROM base_beings WHERE soul = $1 AND tags @> '{worker}' AND genesis ->> 'type' = 'worker';

-- name: end_leases_that_are_over
DELETE FROM base_beings
WHERE tags @> '{worker}' AND genesis ->> 'type' = 'worker'
    AND (attributes ->> 'until')::BIGINT < (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT
RETURNING soul;

-- name: shorten_leases
-- A lease that goes on for more than an hour longer than it lasts was begun by a clock that was ahead. Who has it has time
-- to renew it.
WITH clock AS MATERIALIZED (SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now)
UPDATE base_beings
SET attributes = attributes || jsonb_build_object('until', clock.now + (attributes ->> 'lasts')::BIGINT)
FROM clock
WHERE tags @> '{worker}' AND genesis ->> 'type' = 'worker'
    AND (attributes ->> 'until')::BIGINT - clock.now > (attributes ->> 'lasts')::BIGINT + 3600000000;

-- name: put_tasks_right
-- $1 how many, $2 a memory of it, $3 where workers hear of it. Tasks that wait for a moment that was told by a clock which
-- was more than an hour ahead: they begin at once, in their order, or after the pause that was theirs. A moment that was
-- asked for stays. The index is entered once for each lane.
WITH RECURSIVE clock AS MATERIALIZED (SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now),
lanes AS (
    (
        SELECT genesis ->> 'queue' AS queue, genesis ->> 'owner' AS owner, genesis ->> 'who' AS who,
            attributes -> 'priority' AS priority
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo'
        ORDER BY genesis ->> 'queue', genesis ->> 'owner', genesis ->> 'who', attributes -> 'priority'
        LIMIT 1
    )
    UNION ALL
    SELECT following.*
    FROM lanes CROSS JOIN LATERAL (
        SELECT genesis ->> 'queue' AS queue, genesis ->> 'owner' AS owner, genesis ->> 'who' AS who,
            attributes -> 'priority' AS priority
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo'
            AND (genesis ->> 'queue', genesis ->> 'owner', genesis ->> 'who', attributes -> 'priority')
                > (lanes.queue, lanes.owner, lanes.who, lanes.priority)
        ORDER BY genesis ->> 'queue', genesis ->> 'owner', genesis ->> 'who', attributes -> 'priority'
        LIMIT 1
    ) AS following
),
late AS (
    SELECT task.*
    FROM lanes CROSS JOIN LATERAL (
        SELECT soul, (attributes -> 'at')::NUMERIC AS at, (attributes -> 'seen')::NUMERIC AS seen
        FROM base_beings, clock
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo' AND genesis ->> 'queue' = lanes.queue
            AND genesis ->> 'owner' = lanes.owner AND genesis ->> 'who' = lanes.who
            AND attributes -> 'priority' = lanes.priority AND attributes -> 'at' > to_jsonb(clock.now + 3600000000)
            AND CASE
                WHEN jsonb_typeof(attributes -> 'at') <> 'number' THEN FALSE
                WHEN jsonb_typeof(attributes -> 'seen') = 'number' THEN
                    (attributes -> 'seen')::NUMERIC > clock.now + 3600000000
                WHEN attributes ? 'seen' THEN FALSE
                ELSE extract(EPOCH FROM created_at) * 1000000
                    > greatest(clock.now + 3600000000, (attributes -> 'at')::NUMERIC - 1000000)
            END
        ORDER BY attributes -> 'at'
        LIMIT $1
        FOR NO KEY UPDATE OF base_beings SKIP LOCKED
    ) AS task
    LIMIT $1
),
moved AS (
    SELECT soul, coalesce(at - seen, row_number() OVER (ORDER BY at)) AS wait FROM late
)
UPDATE base_beings AS task
SET attributes = task.attributes || jsonb_build_object('at', clock.now + moved.wait, 'seen', clock.now),
    memories = task.memories || $2::JSONB
FROM moved, clock
WHERE task.soul = moved.soul
RETURNING task.soul, pg_notify($3::TEXT, 'tasks:' || (task.genesis ->> 'queue'));

-- name: tasks_of_worker
SELECT soul, (attributes ->> 'token')::BIGINT AS token
FROM base_beings
WHERE tags @> '{task}' AND attributes ->> 'status' = 'doing' AND genesis ->> 'queue' = $1
    AND attributes ->> 'worker' = $2::UUID::TEXT;

-- name: is_anything_left
-- Whether something is ready in the queue $1, or one of the workers $2 has something.
SELECT EXISTS (
    SELECT FROM base_beings
    WHERE tags @> '{task}' AND attributes ->> 'status' = 'doing' AND genesis ->> 'queue' = $1
        AND attributes ->> 'worker' = ANY($2::UUID[]::TEXT[])
) OR EXISTS (
    SELECT FROM base_beings
    WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo' AND genesis ->> 'queue' = $1
        AND (attributes -> 'at')::BIGINT <= (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT
        AND (tags @> '{tombstone}') IS NOT TRUE
);

-- name: abandoned_tasks
-- Tasks whose worker has no row, of all queues; at most $1.
SELECT task.soul, task.tags, task.energy_level, task.genesis, task.attributes, task.memories, task.self_awareness,
    task.created_at, task.embedding
FROM base_beings AS task
WHERE task.tags @> '{task}' AND task.attributes ->> 'status' = 'doing'
    AND task.genesis ->> 'type' = 'task' AND task.genesis ? 'queue'
    AND NOT EXISTS (
        SELECT FROM base_beings AS worker
        WHERE worker.tags @> '{worker}' AND worker.soul::TEXT = task.attributes ->> 'worker'
    )
LIMIT $1;

-- name: tasks_between
SELECT soul FROM base_beings
WHERE soul BETWEEN $1 AND $2 AND tags @> '{task}' AND genesis ? 'queue' AND (tags @> '{tombstone}') IS NOT TRUE
ORDER BY soul
LIMIT $3;

-- name: newest_tasks
-- $1 a queue or null for any, $2 how many; $3 is null here.
SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding
FROM base_beings
WHERE tags @> '{task}' AND genesis ? 'queue' AND ($1::TEXT IS NULL OR genesis ->> 'queue' = $1) AND $3::TEXT IS NULL
    AND (tags @> '{tombstone}') IS NOT TRUE
ORDER BY created_at DESC, soul
LIMIT $2;

-- name: tasks_of_status
-- The same for those of the status $3.
SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, created_at, embedding
FROM base_beings
WHERE tags @> '{task}' AND attributes ->> 'status' = $3 AND genesis ? 'queue'
    AND ($1::TEXT IS NULL OR genesis ->> 'queue' = $1) AND (tags @> '{tombstone}') IS NOT TRUE
ORDER BY created_at DESC, soul
LIMIT $2;

-- name: queue_figures
-- $1 queues that are told though nothing is in them, $2 over how many microseconds the newest are counted. The index is
-- entered once for each status and queue.
WITH RECURSIVE clock AS MATERIALIZED (SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now),
places AS (
    (
        SELECT attributes ->> 'status' AS status, genesis ->> 'queue' AS queue
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' IN ('todo', 'doing', 'failed')
        ORDER BY attributes ->> 'status', genesis ->> 'queue'
        LIMIT 1
    )
    UNION ALL
    SELECT following.*
    FROM places CROSS JOIN LATERAL (
        SELECT attributes ->> 'status' AS status, genesis ->> 'queue' AS queue
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' IN ('todo', 'doing', 'failed')
            AND (attributes ->> 'status', genesis ->> 'queue') > (places.status, places.queue)
        ORDER BY attributes ->> 'status', genesis ->> 'queue'
        LIMIT 1
    ) AS following
),
workers AS (
    SELECT attributes ->> 'queue' AS queue, count(*) AS count
    FROM base_beings, clock
    WHERE tags @> '{worker}' AND genesis ->> 'type' = 'worker' AND (attributes ->> 'until')::BIGINT >= clock.now
    GROUP BY 1
),
names AS (
    SELECT queue FROM places WHERE queue IS NOT NULL
    UNION SELECT unnest($1::TEXT[])
    UNION SELECT queue FROM workers
    UNION SELECT genesis ->> 'name' FROM base_beings WHERE tags @> '{queue}' AND genesis ->> 'type' = 'queue'
)
SELECT names.queue, todo.waiting, todo.ready, clock.now - todo.first AS longest, doing.count AS doing,
    dead.count AS dead, coalesce(workers.count, 0) AS workers, ended.count AS done, ended.wait, ended.wait_p99
FROM clock, names
LEFT JOIN workers ON workers.queue = names.queue
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, count(*) FILTER (WHERE at <= clock.now) AS ready,
        min(at) FILTER (WHERE at <= clock.now) AS first
    FROM (
        SELECT (attributes -> 'at')::BIGINT AS at
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'todo' AND genesis ->> 'queue' = names.queue
    ) AS each
) AS todo
CROSS JOIN LATERAL (
    SELECT count(*) FROM base_beings
    WHERE tags @> '{task}' AND attributes ->> 'status' = 'doing' AND genesis ->> 'queue' = names.queue
) AS doing
CROSS JOIN LATERAL (
    SELECT count(*) FROM base_beings
    WHERE tags @> '{task}' AND attributes ->> 'status' = 'failed' AND genesis ->> 'queue' = names.queue
) AS dead
CROSS JOIN LATERAL (
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY wait) AS wait,
        percentile_cont(0.99) WITHIN GROUP (ORDER BY wait) AS wait_p99
    FROM (
        SELECT (attributes -> 'began')::BIGINT - (attributes -> 'at')::BIGINT AS wait
        FROM base_beings
        WHERE tags @> '{task}' AND attributes ->> 'status' = 'done' AND genesis ->> 'queue' = names.queue
            AND attributes -> 'ended' > to_jsonb(clock.now - $2::BIGINT)
    ) AS each
) AS ended
ORDER BY names.queue;

-- name: queue_served
SELECT EXISTS (
    SELECT FROM base_beings
    WHERE tags @> '{worker}' AND genesis ->> 'type' = 'worker' AND attributes ->> 'queue' = $1
        AND (attributes ->> 'until')::BIGINT >= (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT
);

-- name: tell_queues
-- $1 the beings of queues, $2 their genesis, $3 their figures. Gives what keeps them from being worked.
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
SELECT soul, '{queue}', genesis, '{}', '[]', figures
FROM unnest($1::UUID[], $2::JSONB[], $3::JSONB[]) AS told (soul, genesis, figures)
ORDER BY soul
ON CONFLICT (soul) DO UPDATE SET self_awareness = EXCLUDED.self_awareness
RETURNING soul, attributes -> 'trouble' AS trouble;

-- name: trouble_of_queue
-- $1 the being of a queue, $2 its genesis, $3 the error. Since when it is so stays, where it is the same again.
INSERT INTO base_beings AS queue (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, '{queue}', $2, jsonb_build_object('trouble', $3::JSONB || jsonb_build_object('since', now())), '[]', '{}')
ON CONFLICT (soul) DO UPDATE SET attributes = queue.attributes || EXCLUDED.attributes
WHERE queue.attributes #>> '{trouble,code}' IS DISTINCT FROM $3::JSONB ->> 'code';

-- name: queue_is_worked
UPDATE base_beings SET attributes = attributes - 'trouble'
WHERE soul = $1 AND tags @> '{queue}' AND attributes ? 'trouble';

-- name: put_schedule
-- $1 its UUID, $2 its genesis, $3 its attributes; $4 $5 where whoever waits for what is due hears of it.
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
SELECT $1, '{schedule}', $2, $3, '[]', '{}' FROM (SELECT pg_notify($4::TEXT, $5::TEXT)) AS told
ON CONFLICT (soul) DO NOTHING;

-- name: schedule_row
SELECT soul, genesis, attributes FROM base_beings WHERE soul = $1;

-- name: schedules_of
SELECT soul, genesis, attributes
FROM base_beings
WHERE tags @> '{schedule}' AND genesis ->> 'type' = 'schedule' AND genesis ->> 'owner' = $1
ORDER BY genesis ->> 'name', soul;

-- name: remove_schedule
DELETE FROM base_beings WHERE soul = $1 AND tags @> '{schedule}' AND genesis ->> 'type' = 'schedule';

-- name: hold_due_schedule
-- One that is due and that nobody else has, but none of $1; locked until the transaction ends. One that was looked at
-- when the clock was more than an hour ahead is due too: its next moment is to be told anew.
WITH clock AS MATERIALIZED (SELECT (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now)
SELECT schedule.soul, schedule.genesis, schedule.attributes, clock.now
FROM clock, base_beings AS schedule
WHERE schedule.tags @> '{schedule}' AND schedule.genesis ->> 'type' = 'schedule'
    AND ((schedule.attributes ->> 'next')::BIGINT <= clock.now
        OR (schedule.attributes ->> 'seen')::BIGINT - clock.now > 3600000000)
    AND schedule.soul <> ALL($1::UUID[])
ORDER BY (schedule.attributes ->> 'next')::BIGINT
LIMIT 1
FOR NO KEY UPDATE OF schedule SKIP LOCKED;

-- name: move_schedule
UPDATE base_beings SET attributes = attributes - 'trouble' || $2::JSONB WHERE soul = $1 AND tags @> '{schedule}';

-- name: trouble_of_schedule
UPDATE base_beings SET attributes = attributes || jsonb_build_object('trouble', $2::JSONB)
WHERE soul = $1 AND tags @> '{schedule}';

-- name: until_next_schedule
-- Microseconds until the next one is due, of all but $1.
SELECT min((attributes ->> 'next')::BIGINT) - (extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT
FROM base_beings
WHERE tags @> '{schedule}' AND genesis ->> 'type' = 'schedule' AND soul <> ALL($1::UUID[]);
