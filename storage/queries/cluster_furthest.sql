-- Question: what is the highest number of a partition that this server has anything of?
-- Inputs: none.
-- Columns: partition, -1 = it has nothing.
SELECT max(partition) AS partition
FROM
(
    SELECT toInt32(-1) AS partition
    UNION ALL
    SELECT partition FROM watermarks
    UNION ALL
    SELECT partition FROM responses
)
