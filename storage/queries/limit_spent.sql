-- Question: who was admitted during some windows and just before, and who of them should have waited?
-- Inputs: the filter; since, until; the lists of payers as in limit_admitted.sql; parallel lists of
--   windows that do not overlap for one payer: window_payers, window_opened = since when calls count as
--   before, window_starts, window_ends, in Unix milliseconds, all inclusive; parallel lists of pending
--   Retry-Afters: pending_windows, pending_services, pending_since, pending_until, disjoint for one
--   service in one window.
-- Columns: window = index into the lists, from 0; service; before; admitted; early = of these, sent while
--   a Retry-After that this service had already received was pending.
WITH
    -- include: part_payers
    windows AS
    (
        SELECT payers.key AS key, w.1 AS window, w.3 AS opened, w.4 AS window_start, w.5 AS window_end
        FROM
        (
            SELECT arrayJoin(arrayZip(
                range(length({window_starts:Array(Int64)})), {window_payers:Array(UInt64)}, {window_opened:Array(Int64)},
                {window_starts:Array(Int64)}, {window_ends:Array(Int64)})) AS w
        ) AS list
        INNER JOIN payers ON payers.payer = w.2
    ),
    pending AS
    (
        SELECT p.1 * 17 + cityHash64(p.2) AS waiter, p.3 AS received, p.4 AS until
        FROM
        (
            SELECT arrayJoin(arrayZip(
                {pending_windows:Array(UInt64)}, {pending_services:Array(String)}, {pending_since:Array(Int64)}, {pending_until:Array(Int64)})) AS p
        )
    ),
    calls AS
    (
        SELECT
            -- include: part_key
            service,
            toUnixTimestamp64Milli(time) AS at,
            at - toInt64(duration_ms) AS sent
        -- include: part_admitted
    ),
    spent AS
    (
        SELECT
            windows.window AS window, calls.service AS service, calls.sent AS sent, calls.at >= windows.window_start AS within,
            windows.window * 17 + cityHash64(calls.service) AS waiter
        FROM calls
        GLOBAL ASOF INNER JOIN windows ON calls.key = windows.key AND calls.at >= windows.opened
        WHERE calls.at <= windows.window_end
    )
SELECT
    spent.window AS window,
    spent.service AS service,
    countIf(NOT spent.within) AS before,
    countIf(spent.within) AS admitted,
    countIf(spent.within AND spent.sent < pending.until) AS early
FROM spent
GLOBAL ASOF LEFT JOIN pending ON spent.waiter = pending.waiter AND spent.sent > pending.received
GROUP BY window, service
ORDER BY window, service
