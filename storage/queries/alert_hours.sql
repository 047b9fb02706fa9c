-- Question: how many errors, and how many successes, were there in each hour of [since, until)?
-- Inputs: the filter; its status, code and category narrow the errors only. since and until are whole hours.
-- Columns: hour (since 1970), errors, successes.
-- Without a filter on callers the successes come from the projection hours.
SELECT hour, sum(failed) AS errors, sum(succeeded) AS successes
FROM
(
    SELECT toInt64(intDiv(toUnixTimestamp(time), 3600)) AS hour, count() AS failed, 0 AS succeeded
    FROM responses
    WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
        -- include: part_failures
    GROUP BY hour
    UNION ALL
    SELECT toInt64(intDiv(toUnixTimestamp(dateTrunc('hour', time)), 3600)) AS hour, 0 AS failed, count() AS succeeded
    FROM responses
    WHERE kind = 'success'
        AND dateTrunc('hour', time) >= {since:DateTime64(3, 'UTC')} AND dateTrunc('hour', time) < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
    GROUP BY dateTrunc('hour', time)
)
GROUP BY hour
ORDER BY hour
