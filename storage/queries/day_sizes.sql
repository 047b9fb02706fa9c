-- Question: what does each day of the table take on disk?
-- Inputs: none.
-- Columns: day = partition, the day on which its rows were inserted; bytes; rows; droppable = it lies before yesterday, so
--   that no read-back of a delivery needs it.
SELECT
    toDate(partition) AS day,
    sum(bytes_on_disk) AS bytes,
    sum(parts.rows) AS rows,
    toUInt8(day < toDate(now('UTC')) - 1) AS droppable
FROM system.parts
WHERE database = currentDatabase() AND table = 'responses' AND active
GROUP BY day
ORDER BY day
