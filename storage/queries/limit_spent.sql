-- Question: who was admitted during the windows of one policy, and who of them should have waited?
-- Inputs: the filter; since, until; policy; by_endpoint as in limit_admitted.sql; parallel lists, one
--   entry a window, windows of one payer and endpoint not overlapping: window_vendors,
--   window_credentials, window_services, window_methods, window_routes, window_starts and window_ends
--   in Unix milliseconds, both inclusive.
-- Columns: window = index into the lists, from 0; service; admitted; early = of these, sent while a
--   Retry-After that this service (and credential) had already received was pending.
SELECT
    window,
    service,
    count() AS admitted,
    countIf(at < pending.until) AS early
FROM
(
    SELECT windows.window AS window, calls.service AS service, calls.pending_key AS pending_key, calls.sent AS sent, calls.at AS at, windows.window_end AS window_end
    FROM
    (
        SELECT
            cityHash64(vendor, credential, if(empty(credential), service, ''), if({by_endpoint:UInt8} = 1, method, ''), if({by_endpoint:UInt8} = 1, route, '')) AS key,
            cityHash64(vendor, credential, service, if({by_endpoint:UInt8} = 1, method, ''), if({by_endpoint:UInt8} = 1, route, '')) AS pending_key,
            service,
            toUnixTimestamp64Milli(time) AS at,
            least(at - toInt64(duration_ms), at - 1) AS sent
        FROM responses
        WHERE kind IN ('error', 'success') AND category != 'rate_limit' AND status != 0
            AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
            AND at >= arrayMin({window_starts:Array(Int64)}) AND at <= arrayMax({window_ends:Array(Int64)})
            -- include: part_callers
            -- include: part_throttled
    ) AS calls
    GLOBAL ASOF INNER JOIN
    (
        SELECT w.1 AS window, cityHash64(w.2, w.3, w.4, w.5, w.6) AS key, w.7 AS window_start, w.8 AS window_end
        FROM
        (
            SELECT arrayJoin(arrayZip(
                range(length({window_starts:Array(Int64)})), {window_vendors:Array(String)}, {window_credentials:Array(String)}, {window_services:Array(String)},
                {window_methods:Array(String)}, {window_routes:Array(String)}, {window_starts:Array(Int64)}, {window_ends:Array(Int64)})) AS w
        )
    ) AS windows
    ON calls.key = windows.key AND calls.at >= windows.window_start
) AS spent
GLOBAL ASOF LEFT JOIN
(
    SELECT
        cityHash64(vendor, credential, service, if({by_endpoint:UInt8} = 1, method, ''), if({by_endpoint:UInt8} = 1, route, '')) AS pending_key,
        at AS received,
        max(at + wait) OVER (PARTITION BY pending_key ORDER BY at) AS until
    FROM
    (
        -- include: part_rejections
    )
    WHERE wait > 0 AND policy = {policy:String}
) AS pending
ON spent.pending_key = pending.pending_key AND spent.sent >= pending.received
WHERE at <= window_end
GROUP BY window, service
ORDER BY window, service
