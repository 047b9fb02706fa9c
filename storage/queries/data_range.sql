-- Question: what range of time does the table hold, whatever the filter?
-- Inputs: none.
-- Columns: first, last = times of the first and the last response; rows; now = the server's clock.
-- Dead letters do not count: many of them have no time of their own.
SELECT
    min(time) AS first,
    max(time) AS last,
    count() AS rows,
    now64(3, 'UTC') AS now
FROM responses
WHERE kind != 'dead_letter'
