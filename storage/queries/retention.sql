-- Question: since when are successes complete?
-- Inputs: none.
-- Columns: days = how long the table keeps successes, 0 = no limit; today = start of the UTC day.
-- The table's own TTL is the truth. It counts from block_date, the day of the insert.
SELECT
    max(toUInt32OrZero(extract(create_table_query, 'toIntervalDay\\((\\d+)\\)(?: DELETE)? WHERE kind = ''success'''))) AS days,
    toStartOfDay(now('UTC')) AS today
FROM system.tables
WHERE database = currentDatabase() AND name LIKE 'responses%'
