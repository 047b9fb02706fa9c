-- Question: how often did units whose calls cannot be told apart fail, per minute?
-- Inputs: the filter; since, until; baseline_since = an hour of history before since; min_failing = a
--   unit matters when it failed so often in one minute.
-- Columns: the unit (vendor, service, method, route); minute = Unix seconds; calls, failing = both the
--   failures: the calls of the units that matter are counted by storm_minutes.sql.
-- A call with a stated attempt above 1 makes its operation a strong key.
SELECT
    vendor,
    service,
    method,
    route,
    toInt64(toUnixTimestamp(toStartOfMinute(time))) AS minute,
    count() AS calls,
    calls AS failing
FROM responses
WHERE kind = 'error'
    AND time >= {baseline_since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    -- include: part_weak
    -- include: part_callers
    AND (vendor, service, method, route) GLOBAL IN
    (
        SELECT vendor, service, method, route
        FROM responses
        WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
            -- include: part_weak
            -- include: part_callers
        GROUP BY vendor, service, method, route, toStartOfMinute(time)
        HAVING count() >= {min_failing:UInt64}
    )
    -- include: part_stated
GROUP BY vendor, service, method, route, minute
ORDER BY vendor, service, method, route, minute
