-- Question: how many errors were there in each of these minutes?
-- Inputs: the filter; minutes = since 1970; since, until = from the first of them to the last.
-- Columns: minute, count; minutes without errors are left out.
-- The set of minutes prunes by the index on time.
SELECT intDiv(toUnixTimestamp64Milli(time), 60000) AS minute, count() AS count
FROM responses
WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    AND intDiv(toUnixTimestamp64Milli(time), 60000) IN (SELECT arrayJoin({minutes:Array(Int64)}))
    -- include: part_callers
    -- include: part_failures
GROUP BY minute
