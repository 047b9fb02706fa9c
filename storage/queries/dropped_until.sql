-- Question: up to which day have rows been dropped to save disk?
-- Inputs: none.
-- Columns: day = the newest dropped one, '' = none.
SELECT max(value) AS day
FROM meta
WHERE key = 'dropped_until'
