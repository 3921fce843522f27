-- The chain of the installation: seals (beings) that hold the heads of the chains of runs that have ended.

-- name: begin_seals
-- The being of the chain itself, made once.
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, ARRAY['audit_chain'], $2, $3, '[]', '{}')
ON CONFLICT (soul) DO NOTHING;

-- name: lock_seals
SELECT attributes -> 'chain' AS chain FROM base_beings WHERE soul = $1 FOR NO KEY UPDATE;

-- name: unsealed_runs
-- Runs that ended and were held since they were sealed last, up to $3; all of them, or those of $1. Who writes one just
-- now keeps it. $2 are the states in which a run has ended.
SELECT soul, attributes, created_at
FROM base_beings
WHERE tags @> '{run}' AND genesis ->> 'type' = 'run' AND ($1::UUID[] IS NULL OR soul = ANY($1))
    AND attributes ->> 'status' = ANY($2::TEXT[])
    AND attributes ->> 'sealed' IS DISTINCT FROM coalesce(attributes ->> 'holder', '')
ORDER BY created_at, soul
LIMIT $3
FOR NO KEY UPDATE SKIP LOCKED;

-- name: newest_links
-- The newest links of the runs $1; a row's own may be older, where the process died before it wrote it.
SELECT DISTINCT ON (source_soul) source_soul AS run, attributes -> 'chain' AS link
FROM relationships
WHERE source_soul = ANY($1::UUID[]) AND 'step' = ANY(tags) AND attributes ? 'chain'
ORDER BY source_soul, attributes #> '{chain,seq}' DESC;

-- name: held_runs
-- Those of the runs $1 that a process holds.
SELECT soul
FROM unnest($1::UUID[]) AS run (soul)
JOIN pg_locks ON locktype = 'advisory' AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::BIGINT << 32) | objid::BIGINT = hashtextextended('run ' || soul::TEXT, 0);

-- name: open_attempts
-- The attempts of steps of the runs $1 that began and have no link.
SELECT step.source_soul AS run, step.id, step.genesis, attempt.value AS attempt
FROM relationships AS step
CROSS JOIN LATERAL (
    SELECT 0 AS number, step.attributes - '{attempts,deleted}'::TEXT[] AS value
    UNION ALL
    SELECT number, value
    FROM jsonb_array_elements(coalesce(step.attributes -> 'attempts', '[]')) WITH ORDINALITY AS one (value, number)
) AS attempt
WHERE step.source_soul = ANY($1::UUID[]) AND 'step' = ANY(step.tags) AND NOT attempt.value ? 'chain'
ORDER BY step.source_soul, step.id, attempt.number;

-- name: write_seal
INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness)
VALUES ($1, ARRAY['seal'], $2, $3, '[]', '{}');

-- name: write_seals_head
UPDATE base_beings SET attributes = jsonb_build_object('chain', $2::JSONB) WHERE soul = $1;

-- name: mark_sealed
-- The runs $1, with the heads $2 that they were sealed with.
UPDATE base_beings AS run
SET attributes = run.attributes
    || jsonb_build_object('sealed', coalesce(run.attributes ->> 'holder', ''), 'chain', told.head)
FROM unnest($1::UUID[], $2::JSONB[]) AS told (soul, head)
WHERE run.soul = told.soul;

-- name: seals
SELECT soul, tags, energy_level, genesis, attributes, memories, self_awareness, embedding IS NULL AS bare
FROM base_beings
WHERE tags @> '{seal}' AND (genesis ->> 'type' = 'audit' OR attributes ? 'chain')
ORDER BY attributes #> '{chain,seq}', soul;

-- name: seals_head
SELECT tags, energy_level, genesis, attributes, memories, self_awareness, embedding IS NULL AS bare
FROM base_beings
WHERE soul = $1;

-- name: runs_to_verify
-- Every run, or $1 only, with what seals say of it in their order, and what cleanings say; a run that is sealed and not
-- there has no row.
WITH sealed AS (
    SELECT entry ->> 'run' AS run, jsonb_agg(
        entry || jsonb_build_object('seal', seal.attributes #> '{chain,seq}') ORDER BY seal.attributes #> '{chain,seq}'
    ) AS entries
    FROM base_beings AS seal
    CROSS JOIN jsonb_array_elements(
        CASE jsonb_typeof(seal.attributes #> '{parameters,runs}')
            WHEN 'array' THEN seal.attributes #> '{parameters,runs}' ELSE '[]' END
    ) AS entry
    WHERE seal.tags @> '{seal}' AND jsonb_typeof(entry) = 'object' AND ($1::UUID IS NULL OR entry ->> 'run' = $1::TEXT)
    GROUP BY 1
),
cleaned AS (
    SELECT soul, memories FROM base_beings WHERE genesis @> '{"type": "cleaning"}'
    UNION ALL
    SELECT chapter.soul, chapter.memories
    FROM base_beings AS cleaning
    JOIN relationships AS tie ON tie.source_soul = cleaning.soul AND tie.tags @> '{memory}'
    JOIN base_beings AS chapter ON chapter.soul = tie.target_soul
    WHERE cleaning.genesis @> '{"type": "cleaning"}'
),
told AS (
    SELECT memory ->> 'run' AS run, jsonb_agg(memory -> 'chain') AS chains
    FROM cleaned
    CROSS JOIN jsonb_array_elements(CASE jsonb_typeof(memories) WHEN 'array' THEN memories ELSE '[]' END) AS memory
    WHERE memory @> '{"kind": "removed", "what": "runs"}'
    GROUP BY 1
),
runs AS (
    SELECT soul, tags, genesis, attributes, created_at
    FROM base_beings
    WHERE ((tags @> '{run}' AND attributes ?| '{chain,sealed,holder}') OR genesis @> '{"type": "run"}')
        AND ($1::UUID IS NULL OR soul = $1)
)
SELECT runs.soul, runs.tags, runs.genesis, runs.attributes, runs.created_at,
    coalesce(runs.soul::TEXT, sealed.run) AS run, coalesce(sealed.entries, '[]') AS seals,
    coalesce(told.chains, '[]') AS told
FROM runs
FULL JOIN sealed ON sealed.run = runs.soul::TEXT
LEFT JOIN told ON told.run = coalesce(runs.soul::TEXT, sealed.run)
ORDER BY runs.created_at, 6;

-- name: links_of_run
-- The attempts of a run's steps in the order of their links, those without one last.
SELECT step.id, step.target_soul, step.tags, step.energy_level, step.genesis, attempt.number, attempt.value AS attempt
FROM relationships AS step
CROSS JOIN LATERAL (
    SELECT 0 AS number,
        CASE jsonb_typeof(step.attributes -> 'attempts')
            WHEN 'array' THEN step.attributes - 'attempts' ELSE step.attributes END AS value
    UNION ALL
    SELECT number, value
    FROM jsonb_array_elements(
        CASE jsonb_typeof(step.attributes -> 'attempts') WHEN 'array' THEN step.attributes -> 'attempts' ELSE '[]' END
    ) WITH ORDINALITY AS one (value, number)
) AS attempt
WHERE step.source_soul = $1 AND ('step' = ANY(step.tags) OR step.genesis @> '{"type": "step"}')
ORDER BY attempt.value #> '{chain,seq}', step.id, attempt.number;

-- name: steps_without_run
-- Steps whose source is no run.
SELECT step.id
FROM relationships AS step
LEFT JOIN base_beings AS run ON run.soul = step.source_soul
WHERE step.genesis @> '{"type": "step"}'
    AND (run.soul IS NULL OR NOT (run.tags @> '{run}' OR run.genesis @> '{"type": "run"}'))
ORDER BY step.id;

-- name: known_beings
SELECT soul FROM base_beings WHERE soul = ANY($1::UUID[]);

-- name: seals_chain
-- The entry of a seal, or of the head.
SELECT attributes -> 'chain' AS chain FROM base_beings WHERE soul = $1;
