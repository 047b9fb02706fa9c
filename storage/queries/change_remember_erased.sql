-- Change: Remembers the rows of an erasure before they are blanked.
-- Inputs: erasure; EXPRESSION, put in place of the comment.
INSERT INTO erasures (source, topic, partition, offset, erasure)
SELECT
    replaceRegexpOne(source, '~[0-9]+$', ''),
    topic,
    partition,
    offset,
    {erasure:String}
FROM responses
WHERE (
/* expression */
)
