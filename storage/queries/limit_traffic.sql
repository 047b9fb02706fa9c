-- Question: how many responses were admitted when, for payers whose limit nobody states?
-- Inputs: the filter; since, until; policy; by_endpoint as in limit_admitted.sql; parallel lists of
--   payers: payer_vendors, payer_credentials, payer_services, payer_methods, payer_routes.
-- Columns: payer = index into the lists, from 0; slots = Unix milliseconds, in order; counts.
-- A slot is a second, but an instant in seconds with a rejection: there the order decides.
WITH
    -- include: part_throttled
    rejections AS
    (
        SELECT
            -- include: part_key
            *
        FROM
        (
            -- include: part_rejections
        )
        WHERE policy = {policy:String}
    ),
    payers AS
    (
        SELECT
            -- include: part_key
            p.1 AS payer, p.2 AS vendor, p.3 AS credential, p.4 AS service, p.5 AS method, p.6 AS route
        FROM
        (
            SELECT arrayJoin(arrayZip(
                range(length({payer_vendors:Array(String)})), {payer_vendors:Array(String)}, {payer_credentials:Array(String)},
                {payer_services:Array(String)}, {payer_methods:Array(String)}, {payer_routes:Array(String)})) AS p
        )
    ),
    slots AS
    (
        SELECT key, if((key, intDiv(at, 1000)) GLOBAL IN (SELECT key, intDiv(at, 1000) FROM rejections), at, intDiv(at, 1000) * 1000) AS slot, count() AS count
        FROM
        (
            SELECT
                -- include: part_key
                toUnixTimestamp64Milli(time) AS at
            -- include: part_admitted
                AND key GLOBAL IN (SELECT key FROM payers)
        )
        GROUP BY key, slot
    )
SELECT payer, groupArray(slot) AS slots, groupArray(count) AS counts
FROM
(
    SELECT payers.payer AS payer, slots.slot AS slot, slots.count AS count
    FROM slots
    GLOBAL INNER JOIN payers ON slots.key = payers.key
    ORDER BY payer, slot
)
GROUP BY payer
ORDER BY payer
