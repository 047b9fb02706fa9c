-- Question: what range of time does the table hold, whatever the filter?
-- Inputs: none.
-- Columns: first, last = times of the first and the last response; rows; now = the server's clock.
-- Looks only into the first and the last day of inserts, and ignores times long before their insert:
-- a hint for people, not a proof.
SELECT
    min(time) AS first,
    max(time) AS last,
    count() AS rows,
    now64(3, 'UTC') AS now
FROM responses
WHERE block_date IN ((SELECT min(block_date) FROM responses), (SELECT max(block_date) FROM responses))
    AND toDate(time) >= block_date - 1
