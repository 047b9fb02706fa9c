-- Question: how many errors are there, and of how many records? One that was written twice has one time, operation and
--   checksum of its bytes.
-- Inputs: the filter.
-- Columns: rows; records, an estimate beyond some ten thousand, within 1 % mostly: it takes 100 kB however many there are.
SELECT count() AS rows, uniqCombined64(time, operation, checksum) AS records
FROM responses
WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
