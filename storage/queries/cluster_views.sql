-- Question: which of the tables over all shards are as they ought to be: over this cluster, with the columns of the table beside them?
-- Inputs: cluster; local, all = databases; tables.
-- Columns: name.
SELECT name
FROM system.tables
WHERE database = {all:String} AND name IN {tables:Array(String)}
    AND engine_full = concat('Distributed(', arrayStringConcat(arrayMap(word -> concat('\'', word, '\''), [{cluster:String}, {local:String}, name]), ', '), ')')
    AND name IN
    (
        SELECT table
        FROM
        (
            SELECT database, table, groupArray((name, type, default_kind, default_expression)) AS columns
            FROM (SELECT * FROM system.columns WHERE database IN ({local:String}, {all:String}) ORDER BY database, table, position)
            GROUP BY database, table
        )
        GROUP BY table
        HAVING count() = 2 AND uniqExact(columns) = 1
    )
ORDER BY name
