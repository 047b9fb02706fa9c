-- What the table is like at a moment.
SELECT
    sum(rows) AS rows,
    sum(bytes_on_disk) AS bytes,
    count() AS parts,
    (SELECT max(parts) FROM (SELECT count() AS parts FROM system.parts WHERE active AND database = {database:String} AND table = 'responses' GROUP BY partition_id)) AS largest,
    (SELECT count() FROM system.merges WHERE database = {database:String} AND table = 'responses') AS merges,
    (SELECT sum(value) FROM system.events WHERE event = 'MergedRows') AS merged
FROM system.parts
WHERE active AND database = {database:String} AND table = 'responses'
