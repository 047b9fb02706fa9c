-- Question: how far does each partition reach now?
-- Inputs: kind.
-- Columns: stream = the partition's hash, source, topic, partition, next = the offset behind its last row of that kind.
SELECT
    cityHash64(source, topic, partition) AS stream,
    source, topic, partition,
    max(offset) + 1 AS next
FROM responses
WHERE kind = {kind:String}
GROUP BY source, topic, partition
