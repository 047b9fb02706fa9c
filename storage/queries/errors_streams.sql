-- Question: how far does each partition reach now?
-- Inputs: kind; since_day = the oldest day of a grant that is looked at: errors_follow.sql looks at none before it.
-- Columns: stream = the partition's hash, source, topic, partition, next = the offset behind its last row of that kind.
SELECT
    cityHash64(source, topic, partition) AS stream,
    source, topic, partition,
    max(offset) + 1 AS next
FROM responses
WHERE kind = {kind:String} AND block_date >= {since_day:Date}
GROUP BY source, topic, partition
