-- Question: which offsets of [from, to) of one partition are known to have no row?
-- Inputs: source, topic, partition, from, to.
-- Columns: from, to, kind, found_at; they may overlap.
SELECT
    `from`,
    `to`,
    kind,
    max(found_at) AS found_at
FROM gaps
WHERE topic = {topic:String} AND partition = {partition:Int32} AND `to` > {from:Int64} AND `from` < {to:Int64}
    AND
    -- include: part_generations
GROUP BY `from`, `to`, kind
ORDER BY `from`, `to`, kind
