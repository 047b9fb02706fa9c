-- A partition's rows: they are its records, each exactly once, if all of this is as with the offsets 0 to rows - 1.
SELECT
    count() AS rows,
    max(offset) AS last,
    sum(offset) AS total,
    groupBitXor(intHash64(offset)) AS mark,
    (SELECT groupBitXor(intHash64(number)) FROM numbers({records:UInt64})) AS wanted
FROM {database:Identifier}.responses
WHERE partition = {partition:Int32}
