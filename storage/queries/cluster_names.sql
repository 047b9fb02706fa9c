-- Question: which clusters does the server know?
-- Inputs: none.
-- Columns: name.
SELECT DISTINCT cluster AS name
FROM system.clusters
ORDER BY name
