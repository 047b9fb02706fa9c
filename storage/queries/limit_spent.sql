-- Question: who was admitted during the windows of one policy, and who of them should have waited?
-- Inputs: the filter; since, until; policy; by_endpoint as in limit_admitted.sql; parallel lists, one
--   entry a window, windows of one key not overlapping: window_vendors, window_credentials,
--   window_services, window_methods, window_routes, window_starts and window_ends in Unix
--   milliseconds, both inclusive.
-- Columns: window = index into the lists, from 0; service; admitted; early = of these, sent while a
--   Retry-After that this service (and credential) had already received was pending.
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
    calls AS
    (
        SELECT
            -- include: part_key
            service,
            toUnixTimestamp64Milli(time) AS at,
            least(at - toInt64(duration_ms), at - 1) AS sent
        -- include: part_admitted
            AND at >= arrayMin({window_starts:Array(Int64)}) AND at <= arrayMax({window_ends:Array(Int64)})
    ),
    windows AS
    (
        SELECT
            -- include: part_key
            w.1 AS window, w.2 AS vendor, w.3 AS credential, w.4 AS service, w.5 AS method, w.6 AS route, w.7 AS window_start, w.8 AS window_end
        FROM
        (
            SELECT arrayJoin(arrayZip(
                range(length({window_starts:Array(Int64)})), {window_vendors:Array(String)}, {window_credentials:Array(String)}, {window_services:Array(String)},
                {window_methods:Array(String)}, {window_routes:Array(String)}, {window_starts:Array(Int64)}, {window_ends:Array(Int64)})) AS w
        )
    ),
    spent AS
    (
        SELECT windows.window AS window, calls.service AS service, calls.key + cityHash64(calls.service) * 17 AS waiter, calls.sent AS sent, calls.at AS at
        FROM calls
        GLOBAL ASOF INNER JOIN windows ON calls.key = windows.key AND calls.at >= windows.window_start
        WHERE calls.at <= windows.window_end
    ),
    pending AS
    (
        SELECT key + cityHash64(service) * 17 AS waiter, at AS received, max(at + wait) OVER (PARTITION BY waiter ORDER BY at) AS until
        FROM rejections
        WHERE wait > 0
    )
SELECT spent.window AS window, spent.service AS service, count() AS admitted, countIf(spent.at < pending.until) AS early
FROM spent
GLOBAL ASOF LEFT JOIN pending ON spent.waiter = pending.waiter AND spent.sent >= pending.received
GROUP BY window, service
ORDER BY window, service
