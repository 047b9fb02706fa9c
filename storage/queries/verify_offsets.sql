-- Question: which rows does the table hold of [from, to) of one partition, one by one?
-- Inputs: source, topic, partition, from, to: at most 65,536 offsets.
-- Columns: offset; copies; low, high = the least and the greatest checksum of the copies.
SELECT
    offset,
    count() AS copies,
    min(checksum) AS low,
    max(checksum) AS high
FROM responses
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {from:Int64} AND offset < {to:Int64}
    AND
    -- include: part_generations
GROUP BY offset
ORDER BY offset
