-- Question: which response was the first to be admitted after a rejection?
-- Inputs: the filter; since, until; policy; gap_ms; by_endpoint = 1: responses of the rejected endpoint,
--   0: of any endpoint that the same credential (or service) called.
-- Columns: vendor, credential, payer; method, route: '' unless by_endpoint; at = of the rejection;
--   next = Unix milliseconds of the response.
-- Only rejections that no other follows within the gap are looked at: nothing else can end a window. Of
-- the admitted responses the first of each minute is enough, but for minutes with such a rejection.
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
    pauses AS
    (
        SELECT *
        FROM
        (
            SELECT
                *,
                leadInFrame(at, 1, 9223372036854775807) OVER (PARTITION BY key ORDER BY at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS following
            FROM rejections
        )
        WHERE following - greatest({gap_ms:Int64}, window_s * 1000) > at
    ),
    firsts AS
    (
        SELECT key, min(at) AS first
        FROM
        (
            SELECT
                -- include: part_key
                toUnixTimestamp64Milli(time) AS at
            -- include: part_admitted
        )
        GROUP BY key, if((key, intDiv(at, 60000)) GLOBAL IN (SELECT key, intDiv(at, 60000) FROM pauses), at, intDiv(at, 60000))
    )
SELECT
    any(pauses.vendor) AS vendor,
    any(pauses.credential) AS credential,
    any(pauses.payer) AS payer,
    if({by_endpoint:UInt8} = 1, any(pauses.method), '') AS method,
    if({by_endpoint:UInt8} = 1, any(pauses.route), '') AS route,
    pauses.at AS at,
    min(firsts.first) AS next
FROM firsts
GLOBAL ASOF INNER JOIN pauses ON firsts.key = pauses.key AND firsts.first > pauses.at
GROUP BY pauses.key, pauses.at
