-- Question: which calls did units with weak keys make during their storms?
-- Inputs: the filter; since, until; max_attempts; parallel lists, one entry a storm: storm_vendors,
--   storm_services, storm_methods, storm_routes, storm_starts and storm_ends in Unix milliseconds.
-- Columns: storm = index into the lists, from 0; then as storm_attempts.sql, without the unit.
SELECT
    storm,
    -- include: part_attempt
    code
FROM responses
GLOBAL INNER JOIN
(
    SELECT s.1 AS storm, s.2 AS vendor, s.3 AS service, s.4 AS method, s.5 AS route, s.6 AS storm_start, s.7 AS storm_end
    FROM
    (
        SELECT arrayJoin(arrayZip(
            range(length({storm_starts:Array(Int64)})), {storm_vendors:Array(String)}, {storm_services:Array(String)},
            {storm_methods:Array(String)}, {storm_routes:Array(String)}, {storm_starts:Array(Int64)}, {storm_ends:Array(Int64)})) AS s
    )
) AS storms USING (vendor, service, method, route)
WHERE kind IN ('error', 'success')
    AND time >= fromUnixTimestamp64Milli(arrayMin({storm_starts:Array(Int64)})) AND time < fromUnixTimestamp64Milli(arrayMax({storm_ends:Array(Int64)}))
    AND vendor IN {storm_vendors:Array(String)} AND route IN {storm_routes:Array(String)}
    AND at >= storm_start AND at < storm_end
    AND (vendor, service, method, route) GLOBAL IN
    (
        SELECT arrayJoin(arrayZip({storm_vendors:Array(String)}, {storm_services:Array(String)}, {storm_methods:Array(String)}, {storm_routes:Array(String)}))
    )
    -- include: part_weak
    -- include: part_callers
    -- include: part_stated
ORDER BY storm, at, failed DESC
LIMIT {max_attempts:UInt64}
