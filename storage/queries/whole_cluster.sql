-- Question: over which cluster are there tables of all shards beside these?
-- Inputs: all = the database of those tables.
-- Columns: cluster; no row where there are none, or none that the user may see.
SELECT extract(engine_full, '^Distributed\\(\'([^\']+)\'') AS cluster
FROM system.tables
WHERE database = {all:String} AND name = 'responses'
