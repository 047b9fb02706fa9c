-- Question: since when is there any data before the storms?
-- Inputs: baseline_since; history_until = where looking further would not change the answer.
-- Columns: first = Unix milliseconds of the first response in between; rows.
SELECT toUnixTimestamp64Milli(min(time)) AS first, count() AS rows
FROM responses
WHERE kind IN ('error', 'success')
    AND time >= {baseline_since:DateTime64(3, 'UTC')} AND time < {history_until:DateTime64(3, 'UTC')}
