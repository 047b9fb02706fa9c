-- Question: when does the data around the storms begin and end?
-- Inputs: ordinary_since; until.
-- Columns: first, last = Unix milliseconds of the first and last response in between; last is until when
--   there is a later one; rows.
SELECT
    toUnixTimestamp64Milli(min(time)) AS first,
    if((SELECT count() FROM (SELECT 1 FROM responses WHERE kind IN ('error', 'success') AND time >= {until:DateTime64(3, 'UTC')} LIMIT 1)) > 0,
        toUnixTimestamp64Milli({until:DateTime64(3, 'UTC')}), toUnixTimestamp64Milli(max(time))) AS last,
    count() AS rows
FROM responses
WHERE kind IN ('error', 'success')
    AND time >= {ordinary_since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
