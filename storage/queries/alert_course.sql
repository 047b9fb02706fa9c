-- Question: how many errors were there, minute by minute? A record that was written twice counts once.
-- Inputs: the filter; since, until; minutes = only these, since 1970; empty = all.
-- Columns: minute, count; minutes without errors are left out.
-- The set of minutes prunes by the index on time.
SELECT intDiv(toUnixTimestamp64Milli(time), 60000) AS minute, uniqExact(time, operation, duration_ms) AS count
FROM responses
WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    AND (empty({minutes:Array(Int64)}) OR intDiv(toUnixTimestamp64Milli(time), 60000) IN (SELECT arrayJoin({minutes:Array(Int64)})))
    -- include: part_callers
    -- include: part_failures
GROUP BY minute
