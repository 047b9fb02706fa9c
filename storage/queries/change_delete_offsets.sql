-- Change: Deletes the rows of single offsets of one partition, of all generations of the source.
-- Inputs: source, topic, partition, from, to = bounds of offsets; offsets.
DELETE FROM responses
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {from:Int64} AND offset < {to:Int64}
    AND offset IN {offsets:Array(Int64)}
    AND
    -- include: part_generations
