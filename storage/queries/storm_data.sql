-- Question: when does the data around the storms begin and end?
-- Inputs: ordinary_since; until.
-- Columns: first, last = Unix milliseconds of the first and last response in between; rows.
SELECT toUnixTimestamp64Milli(min(time)) AS first, toUnixTimestamp64Milli(max(time)) AS last, count() AS rows
FROM responses
WHERE kind IN ('error', 'success')
    AND time >= {ordinary_since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
