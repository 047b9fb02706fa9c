-- Question: how many errors, and how many responses of the same callers, fell into each bucket of [from, to)?
-- Inputs: the filter; origin_ms = start of the first bucket in Unix milliseconds, step_ms = length of a bucket.
-- Columns: bucket = number from 0; errors = those that pass the filter; responses = errors and successes of the callers:
--   the filter on status, code and category does not apply.
SELECT
    intDiv(toUnixTimestamp64Milli(time) - {origin_ms:Int64}, {step_ms:Int64}) AS bucket,
    countIf(kind = 'error'
        -- include: part_failures
    ) AS errors,
    count() AS responses
FROM responses
WHERE kind IN ('error', 'success') AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
GROUP BY bucket
