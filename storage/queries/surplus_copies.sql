-- Question: which rows of [from, to) of one partition are copies of another row, and where do they lie?
-- Inputs: source, topic, partition, from, to: at most 65,536 offsets.
-- Columns: day = ClickHouse partition; part; rows = positions in the part, at most 20,000 in one answer.
-- The row of the newest generation is kept. Rows of one offset with different checksums are not copies of each other.
SELECT
    toString(block_date) AS day,
    part,
    groupArray(at) AS rows
FROM
(
    SELECT
        block_date,
        _part AS part,
        _part_offset AS at,
        row_number() OVER (PARTITION BY offset, checksum ORDER BY length(source) DESC, source DESC, _part, _part_offset) AS copy
    FROM responses
    WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {from:Int64} AND offset < {to:Int64}
        AND
        -- include: part_generations
)
WHERE copy > 1
GROUP BY block_date, part
ORDER BY block_date, part
