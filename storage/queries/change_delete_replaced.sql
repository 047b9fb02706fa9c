-- Change: Deletes the rows of older generations whose offsets the newest generation has, in [from, to) of one partition. An erased
-- row has none there, and so stays.
-- Inputs: source, topic, partition, from, to; generation = name of the newest one.
DELETE FROM responses
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {from:Int64} AND offset < {to:Int64}
    AND source != {generation:String}
    AND offset IN
    (
        SELECT offset
        FROM responses
        WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {from:Int64} AND offset < {to:Int64}
            AND source = {generation:String}
    )
    AND
    -- include: part_generations
