-- Question: which attempts did clients count, where nothing else tells operations apart?
-- Inputs: the filter; since, until; min_attempts; max_attempts.
-- Columns: counter = the stated attempt, 1 where only later ones are stated, as OpenTelemetry has it;
--   then as storm_attempts.sql: all failures, and the successes of second and later attempts, of
--   operations that were counted far enough to hold a run.
SELECT
    greatest(attempt, 1) AS counter,
    -- include: part_attempt
    vendor, service, method, route, code
FROM responses
WHERE kind IN ('error', 'success') AND (kind = 'error' OR attempt > 1)
    AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    -- include: part_callers
    AND operation_key IN ('none', 'path') AND position(route, '{') = 0
    AND (operation, attempt = 0) GLOBAL IN
    (
        -- include: part_counted
        AND max(attempt) + 2 >= {min_attempts:UInt64}
    )
ORDER BY operation, at, counter, failed DESC
LIMIT {max_attempts:UInt64}
