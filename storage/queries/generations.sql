-- Question: which generations of a source does the table hold rows of?
-- Inputs: source.
-- Columns: generation = 1 for the source itself, n for source~n.
SELECT DISTINCT toUInt32OrZero(substring(source, length({source:String}) + 2)) AS generation
FROM responses
WHERE startsWith(source, concat({source:String}, '~'))
    AND
    -- include: part_generations
ORDER BY generation
