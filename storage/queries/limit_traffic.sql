-- Question: how many responses were admitted when, for payers whose limit nobody states?
-- Inputs: the filter; since, until; by_endpoint as in limit_admitted.sql; parallel lists of payers:
--   payer_vendors, payer_credentials, payer_services, payer_methods, payer_routes.
-- Columns: payer = index into the lists, from 0; slots = Unix milliseconds, in order; counts.
-- A slot is a second, but an instant in seconds with a rejection: there the order decides.
WITH rejected AS
(
    SELECT cityHash64(vendor, credential, payer, if({by_endpoint:UInt8} = 1, method, ''), if({by_endpoint:UInt8} = 1, route, '')), intDiv(at, 1000)
    FROM
    (
        -- include: part_rejections
    )
)
SELECT payer, groupArray(slot) AS slots, groupArray(count) AS counts
FROM
(
    SELECT payers.payer AS payer, calls.slot AS slot, count() AS count
    FROM
    (
        SELECT
            cityHash64(vendor, credential, if(empty(credential), service, ''), if({by_endpoint:UInt8} = 1, method, ''), if({by_endpoint:UInt8} = 1, route, '')) AS key,
            toUnixTimestamp64Milli(time) AS at,
            if((key, intDiv(at, 1000)) GLOBAL IN (rejected), at, intDiv(at, 1000) * 1000) AS slot
        FROM responses
        WHERE kind IN ('error', 'success') AND category != 'rate_limit' AND status != 0
            AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
            -- include: part_callers
            -- include: part_throttled
    ) AS calls
    GLOBAL INNER JOIN
    (
        SELECT p.1 AS payer, cityHash64(p.2, p.3, p.4, p.5, p.6) AS key
        FROM
        (
            SELECT arrayJoin(arrayZip(
                range(length({payer_vendors:Array(String)})), {payer_vendors:Array(String)}, {payer_credentials:Array(String)},
                {payer_services:Array(String)}, {payer_methods:Array(String)}, {payer_routes:Array(String)})) AS p
        )
    ) AS payers
    ON calls.key = payers.key
    GROUP BY payer, slot
    ORDER BY payer, slot
)
GROUP BY payer
ORDER BY payer
