-- Question: about how many errors were there, minute by minute? A record that was written twice counts once: one time,
--   operation and checksum of its bytes. Time and operation alone do not tell records apart: a log may know whole seconds only,
--   and all retries of a call are one operation.
-- Beyond a hundred a minute the count is an estimate, within some 2 % mostly: 12 million errors of a week took more than 800 MB
--   to count to the last one, and an incident may have more. This takes 3 kB a minute, however many there are.
-- Inputs: the filter; since, until; minutes = only these, since 1970; empty = all; calls = attempts of one call count once in
--   a minute. Only an idempotency key tells that they are of one: all calls of a path, or of a job's trace, may be one operation.
-- Columns: minute, count; minutes without errors are left out.
-- The set of minutes prunes by the index on time.
WITH {calls:Bool} AND operation_key = 'idempotency' AS once
SELECT
    intDiv(toUnixTimestamp64Milli(time), 60000) AS minute,
    uniqCombined64(12)(if(once, toDateTime64(0, 3, 'UTC'), time), operation, if(once, 0, checksum)) AS count
FROM responses
WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    AND (empty({minutes:Array(Int64)}) OR intDiv(toUnixTimestamp64Milli(time), 60000) IN (SELECT arrayJoin({minutes:Array(Int64)})))
    -- include: part_callers
    -- include: part_failures
GROUP BY minute
