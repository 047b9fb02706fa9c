-- Question: which responses were stored since each partition was looked at last?
-- Inputs: the filter, without its range; kind; since_day = the oldest day of a grant that is looked at; streams and
--   next = the partitions, by their hash, and the offsets from which on they are new, 0 for others; most = of one
--   partition.
-- Columns: stream = the partition's hash, then every member of a row.
-- Ranges of a partition are stored in the order of their offsets, so that nothing appears below the last one seen.
SELECT
    cityHash64(source, topic, partition) AS stream,
    -- include: part_row
FROM responses
WHERE kind = {kind:String} AND block_date >= {since_day:Date}
    AND offset >= transform(cityHash64(source, topic, partition), {streams:Array(UInt64)}, {next:Array(Int64)}, toInt64(0))
    -- include: part_callers
    -- include: part_failures
ORDER BY source, topic, partition, offset
LIMIT {most:UInt64} BY source, topic, partition
