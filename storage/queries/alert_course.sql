-- Question: about how many errors were there, minute by minute? A record that was written twice counts once: one time,
--   operation and checksum of its bytes. Time and operation alone do not tell records apart: a log may know whole seconds only,
--   and all retries of a call are one operation.
-- Beyond a hundred a minute the count is an estimate, within some 2 % mostly: 12 million errors of a week took more than 800 MB
--   to count to the last one, and an incident may have more. This takes 3 kB a minute, however many there are.
-- Inputs: the filter; since, until; minutes = only these, since 1970; empty = all.
-- Columns: minute, count; minutes without errors are left out.
-- The set of minutes prunes by the index on time.
SELECT intDiv(toUnixTimestamp64Milli(time), 60000) AS minute, uniqCombined64(12)(time, operation, checksum) AS count
FROM responses
WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    AND (empty({minutes:Array(Int64)}) OR intDiv(toUnixTimestamp64Milli(time), 60000) IN (SELECT arrayJoin({minutes:Array(Int64)})))
    -- include: part_callers
    -- include: part_failures
GROUP BY minute
