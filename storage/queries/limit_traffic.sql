-- Question: how many responses were admitted when, for payers whose limit nobody states?
-- Inputs: the filter; since, until; the lists of payers as in limit_admitted.sql; max_slots of one payer,
--   of which the latest are kept; sent = by when calls were sent, not by when they were answered.
-- Columns: payer = index into the lists, from 0; slots = Unix milliseconds, latest first; counts.
-- A slot is a second, but an instant near rejections, where the order decides.
WITH
    -- include: part_payers
    rejected AS
    (
        SELECT
            -- include: part_key
            arrayJoin([-1, 0, 1]) + intDiv(toUnixTimestamp64Milli(time), 60000) AS minute
        FROM responses
        WHERE kind = 'error' AND category = 'rate_limit'
            AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
            -- include: part_callers
            AND vendor IN {payer_vendors:Array(String)}
    ),
    slots AS
    (
        SELECT key, if((key, intDiv(at, 60000)) GLOBAL IN (SELECT key, minute FROM rejected), at, intDiv(at, 1000) * 1000) AS slot, count() AS count
        FROM
        (
            SELECT
                -- include: part_key
                toUnixTimestamp64Milli(time) AS at -- if not sent
                toUnixTimestamp64Milli(time) - toInt64(duration_ms) AS at -- if sent
            -- include: part_admitted
        )
        GROUP BY key, slot
    )
SELECT payer, groupArray(at) AS slots, groupArray(count) AS counts
FROM
(
    SELECT payers.payer AS payer, slots.slot AS at, slots.count AS count
    FROM slots
    GLOBAL INNER JOIN payers ON slots.key = payers.key
    ORDER BY payer, at DESC
    LIMIT {max_slots:UInt64} BY payer
)
GROUP BY payer
