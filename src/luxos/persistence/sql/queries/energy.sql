-- Energy: the level in its column, the policy in attributes.energy ({"capacity", "per_hour"}), and in self_awareness
-- until when its return was counted: energy_at in microseconds since 1970, and energy_rest, what was over then, in
-- parts of a unit of which 3,600,000,000 make one. All in integers.

-- name: load_energy
SELECT soul, energy_level, attributes -> 'energy' AS policy, self_awareness, created_at,
    trunc(extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now
FROM base_beings
WHERE soul = $1;

-- name: change_energy
-- Takes $3 from the level of $1 where there is as much, or adds -$3 where it is negative, up to the capacity; $2 is the
-- moment, or null for now. Gives what is there then, whether anything was done, and whether the being is fixed, of the
-- core or a tombstone, to which nothing is done. The row is locked first, so that changes follow one another.
WITH locked AS (
    SELECT
        soul,
        genesis ->> 'tier' IS NOT DISTINCT FROM 'core' OR coalesce(tags @> '{tombstone}', FALSE) AS fixed,
        coalesce(energy_level, 0)::NUMERIC AS stored,
        CASE WHEN jsonb_typeof(attributes #> '{energy,capacity}') = 'number'
            AND attributes #>> '{energy,capacity}' ~ '^[0-9]{1,100}$'
            THEN least((attributes #>> '{energy,capacity}')::NUMERIC, 2147483647) END AS capacity,
        CASE WHEN jsonb_typeof(attributes #> '{energy,per_hour}') = 'number'
            AND attributes #>> '{energy,per_hour}' ~ '^[0-9]{1,100}$'
            THEN least((attributes #>> '{energy,per_hour}')::NUMERIC, 2147483647) ELSE 0 END AS per_hour,
        CASE WHEN self_awareness ->> 'energy_at' ~ '^[0-9]{1,17}$' THEN (self_awareness ->> 'energy_at')::NUMERIC
            ELSE trunc(extract(EPOCH FROM created_at) * 1000000) END AS counted,
        CASE WHEN self_awareness ->> 'energy_rest' ~ '^[0-9]{1,10}$'
            THEN (self_awareness ->> 'energy_rest')::NUMERIC ELSE 0 END AS rest
    FROM base_beings
    WHERE soul = $1
    FOR NO KEY UPDATE
),
timed AS (
    SELECT *, coalesce($2::BIGINT::NUMERIC, trunc(extract(EPOCH FROM clock_timestamp()) * 1000000)) AS moment FROM locked
),
followed AS (
    -- A clock that was more than an hour ahead and is right again is followed: else nothing would return for as long.
    SELECT *, CASE WHEN $2::BIGINT IS NULL AND counted - moment > 3600000000 THEN moment ELSE counted END AS since
    FROM timed
),
returned AS (
    SELECT *, greatest(moment - since, 0) * per_hour + rest AS parts FROM followed
),
present AS (
    SELECT
        soul, fixed, capacity, per_hour,
        greatest(since, moment) AS at,
        CASE WHEN capacity IS NULL THEN stored
            ELSE greatest(stored, least(capacity, stored + div(parts, 3600000000))) END AS level,
        mod(parts, 3600000000) AS rest
    FROM returned
),
wanted AS (
    SELECT
        *,
        CASE WHEN $3::BIGINT >= 0 THEN level - $3
            ELSE greatest(level, least(level - $3, coalesce(capacity, level - $3))) END AS after
    FROM present
),
changed AS (
    UPDATE base_beings
    SET energy_level = wanted.after,
        self_awareness = CASE WHEN wanted.capacity IS NULL THEN self_awareness ELSE self_awareness || jsonb_build_object(
            'energy_at', wanted.at, 'energy_rest', CASE WHEN wanted.level >= wanted.capacity THEN 0 ELSE wanted.rest END)
            END
    FROM wanted
    WHERE base_beings.soul = wanted.soul AND NOT wanted.fixed
        AND wanted.after <= 2147483647 AND (wanted.after >= 0 OR $3::BIGINT <= 0)
    RETURNING base_beings.soul
)
SELECT
    wanted.soul,
    CASE WHEN changed.soul IS NULL THEN level ELSE after END::BIGINT AS level,
    CASE WHEN level >= capacity THEN 0 ELSE rest END::BIGINT AS rest,
    at::BIGINT AS at, capacity::BIGINT AS capacity, per_hour::BIGINT AS per_hour, changed.soul IS NOT NULL AS done, fixed
FROM wanted LEFT JOIN changed USING (soul);

-- name: set_energy_policy
-- From the moment $3 on, in microseconds, or null for now; what returned before was counted before.
UPDATE base_beings
SET attributes = attributes || jsonb_build_object('energy', $2::JSONB),
    self_awareness = self_awareness || jsonb_build_object(
        'energy_at', coalesce($3::BIGINT, trunc(extract(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT),
        'energy_rest', 0)
WHERE soul = $1 AND genesis ->> 'tier' IS DISTINCT FROM 'core'
RETURNING soul;
