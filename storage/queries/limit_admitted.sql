-- Question: which response was the first to be admitted in each pause between rejections?
-- Inputs: the filter; since, until; parallel lists of payers: payer_vendors, payer_credentials,
--   payer_services, and with by_endpoint = 1 payer_methods, payer_routes, else any endpoint counts;
--   parallel lists of pauses: pause_payers = index into the former, pause_ats = Unix milliseconds of the
--   rejection before it.
-- Columns: pause = index into the lists, from 0; next = Unix milliseconds of the first response after it
--   and, if there is one, up to the payer's next pause.
WITH
    -- include: part_payers
    pauses AS
    (
        SELECT payers.key AS key, p.1 AS pause, p.3 AS at
        FROM
        (
            SELECT arrayJoin(arrayZip(range(length({pause_ats:Array(Int64)})), {pause_payers:Array(UInt64)}, {pause_ats:Array(Int64)})) AS p
        ) AS list
        INNER JOIN payers ON payers.payer = p.2
    )
SELECT pauses.pause AS pause, min(calls.at) AS next
FROM
(
    SELECT
        -- include: part_key
        toUnixTimestamp64Milli(time) AS at
    -- include: part_admitted
) AS calls
GLOBAL ASOF INNER JOIN pauses ON calls.key = pauses.key AND calls.at > pauses.at
GROUP BY pause
