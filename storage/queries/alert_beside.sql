-- Question: how many successes had the services that the errors of [from, to) came from, from the same vendor: in that time, and in
--   the time before it, since a moment? Other services may be called more often for reasons of their own.
-- Inputs: the filter; its status, code and category narrow the errors only. since.
-- Columns: during, before.
SELECT
    countIf(time >= {from:DateTime64(3, 'UTC')}) AS during,
    countIf(time < {from:DateTime64(3, 'UTC')}) AS before
FROM responses
WHERE kind = 'success' AND time >= {since:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    AND service GLOBAL IN
    (
        SELECT service
        FROM responses
        WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
            -- include: part_callers
            -- include: part_failures
        GROUP BY service
    )
