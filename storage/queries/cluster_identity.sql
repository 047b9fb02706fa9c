-- Question: which shard is this server, and what does it know of the others?
-- Inputs: none.
-- Columns: key, value of meta: shard, hash_key, and the stages of the placement, placement.0 and on. The oldest holds.
SELECT key, argMin(value, (created_at, value)) AS value
FROM meta
WHERE key IN ('shard', 'hash_key') OR startsWith(key, 'placement.')
GROUP BY key
ORDER BY length(key), key
