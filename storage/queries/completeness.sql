-- Question: up to when has every open partition been ingested?
-- Inputs: sources.
-- Columns: partitions, open = how many are known and not closed; open_until = minimum over the open
--   ones; closed_until = latest of the closed ones; stopped = open partitions not heard of for 60 s;
--   stopped_at = when the first of them was last heard of; stopped_source, stopped_topic.
-- A partition without lag is complete until its watermark was written.
SELECT
    count() AS partitions,
    countIf(closed = 0) AS open,
    minIf(until, closed = 0) AS open_until,
    maxIf(until, closed != 0) AS closed_until,
    countIf(closed = 0 AND heard < now64(3, 'UTC') - INTERVAL 60 SECOND) AS stopped,
    minIf(heard, closed = 0) AS stopped_at,
    argMinIf(source, heard, closed = 0) AS stopped_source,
    argMinIf(topic, heard, closed = 0) AS stopped_topic
FROM
(
    SELECT
        source,
        topic,
        max(at) AS heard,
        toUInt8(argMax(watermarks.closed, at)) AS closed,
        if(argMax(lag, at) = 0, heard, argMax(log_time, at))::DateTime64(3, 'UTC') AS until
    FROM watermarks
    WHERE source IN {sources:Array(String)} -- if sources
    GROUP BY source, topic, partition
)
