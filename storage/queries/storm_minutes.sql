-- Question: how often did units whose calls cannot be told apart call, and fail, per minute?
-- Inputs: the filter; since, until; baseline_since = an hour of history before since; parallel lists of
--   the units in question: unit_vendors, unit_services, unit_methods, unit_routes.
-- Columns: the unit (vendor, service, method, route); minute = Unix seconds; calls; failing.
SELECT
    vendor,
    service,
    method,
    route,
    toInt64(toUnixTimestamp(toStartOfMinute(time))) AS minute,
    count() AS calls,
    countIf(kind = 'error') AS failing
FROM responses
WHERE kind IN ('error', 'success')
    AND time >= {baseline_since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    -- include: part_weak
    -- include: part_callers
    AND vendor IN {unit_vendors:Array(String)} AND service IN {unit_services:Array(String)} AND route IN {unit_routes:Array(String)}
    AND (vendor, service, method, route) IN arrayZip({unit_vendors:Array(String)}, {unit_services:Array(String)}, {unit_methods:Array(String)}, {unit_routes:Array(String)})
    -- include: part_stated
GROUP BY vendor, service, method, route, minute
ORDER BY vendor, service, method, route, minute
