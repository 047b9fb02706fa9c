-- Question: what did the newest replay of a source do last?
-- Inputs: key.
-- Columns: value = JSON, '' = there was none.
SELECT argMax(value, created_at) AS value
FROM meta
WHERE key = {key:String}
