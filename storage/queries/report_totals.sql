-- Question: how many responses and errors were there, and how long did we wait for the errors?
-- Inputs: the filter; its status, code and category apply to errors only.
-- Columns: responses; errors; throttled; waited_ms = sum of the durations of the errors that state one; timed = how many do.
SELECT
    count() AS responses,
    countIf(failed) AS errors,
    countIf(failed AND category = 'rate_limit') AS throttled,
    sumIf(toFloat64(duration_ms), failed) AS waited_ms,
    countIf(failed AND duration_ms > 0) AS timed
FROM
(
    SELECT
        category, duration_ms,
        kind = 'error'
        -- include: part_failures
        AS failed
    FROM responses
    WHERE kind IN ('error', 'success') AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
        -- include: part_callers
)
