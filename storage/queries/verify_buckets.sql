-- Question: what does the table hold of [from, to) of one partition, summed up so that it can be compared with the topic?
-- Inputs: source, topic, partition, from, to.
-- Columns: bucket = offset >> 16; rows; offsets = distinct ones; digest = order-free hash over (offset, checksum), which Go
--   computes in the same way; first, last = offsets.
-- All generations of the source are one stream: a replay moves rows from one to the next.
SELECT
    bitShiftRight(offset, 16) AS bucket,
    count() AS rows,
    toUInt64(groupBitmap(toUInt32(bitAnd(offset, 65535)))) AS offsets,
    groupBitXor(intHash64(bitXor(intHash64(toUInt64(offset)), toUInt64(checksum)))) AS digest,
    min(offset) AS first,
    max(offset) AS last
FROM responses
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {from:Int64} AND offset < {to:Int64}
    AND
    -- include: part_generations
GROUP BY bucket
ORDER BY bucket
