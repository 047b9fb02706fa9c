-- Question: which response was the first to be admitted after a rejection?
-- Inputs: the filter; since, until; policy; by_endpoint = 1: responses of the rejected endpoint, 0: of
--   any endpoint that the same credential (or service) called.
-- Columns: vendor, credential, payer; method, route: '' unless by_endpoint; at = of the rejection;
--   next = Unix milliseconds of the response.
-- Only rejections that no other follows within the gap are looked at: nothing else can end a window.
-- Admitted is every response that the limiter let pass, errors too. The admitted responses stream past
-- the few rejections, so memory does not grow with them.
SELECT
    pauses.vendor AS vendor,
    pauses.credential AS credential,
    pauses.payer AS payer,
    pauses.rejected_method AS method,
    pauses.rejected_route AS route,
    pauses.at AS at,
    min(calls.at) AS next
FROM
(
    SELECT
        cityHash64(vendor, credential, if(empty(credential), service, ''), if({by_endpoint:UInt8} = 1, method, ''), if({by_endpoint:UInt8} = 1, route, '')) AS key,
        toUnixTimestamp64Milli(time) AS at
    FROM responses
    WHERE kind IN ('error', 'success') AND category != 'rate_limit' AND status != 0
        AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
        -- include: part_throttled
) AS calls
GLOBAL ASOF INNER JOIN
(
    SELECT key, vendor, credential, payer, rejected_method, rejected_route, at
    FROM
    (
        SELECT
            vendor,
            credential,
            payer,
            if({by_endpoint:UInt8} = 1, method, '') AS rejected_method,
            if({by_endpoint:UInt8} = 1, route, '') AS rejected_route,
            cityHash64(vendor, credential, payer, rejected_method, rejected_route) AS key,
            at,
            greatest({gap_ms:Int64}, window_s * 1000) AS gap,
            leadInFrame(at, 1, 9223372036854775807) OVER (PARTITION BY key ORDER BY at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS following
        FROM
        (
            -- include: part_rejections
        )
        WHERE policy = {policy:String}
    )
    WHERE following - gap > at
) AS pauses
ON calls.key = pauses.key AND calls.at > pauses.at
GROUP BY vendor, credential, payer, method, route, at
