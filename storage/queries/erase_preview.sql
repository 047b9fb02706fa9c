-- Question: which rows would an erasure blank?
-- Inputs: EXPRESSION, a condition in SQL, put in place of the comment.
-- Columns: rows; first, last = least and greatest time; days = ClickHouse partitions; errors, successes, dead_letters.
SELECT
    count() AS rows,
    min(time) AS first,
    max(time) AS last,
    arraySort(groupUniqArray(toString(block_date))) AS days,
    countIf(kind = 'error') AS errors,
    countIf(kind = 'success') AS successes,
    countIf(kind = 'dead_letter') AS dead_letters
FROM responses
WHERE (
/* expression */
)
