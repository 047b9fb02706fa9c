-- Question: may successes in [from, to) have expired already?
-- Inputs: from, to.
-- Columns: days = how long the table keeps successes, 0 = no limit; expired = errors of the range that were inserted
--   longer ago than that: the successes beside them are gone.
-- The table's own TTL is the truth. It counts from block_date, the day of the insert, so that a file of last year's
-- responses that was loaded today has its rates. Tables over all shards have none of their own: their database's name ends in
-- _distributed, and the shards' tables are in the one without.
WITH (
    SELECT max(toUInt32OrZero(extract(create_table_query, 'toIntervalDay\\((\\d+)\\)(?: DELETE)? WHERE kind = ''success''')))
    FROM system.tables
    WHERE database = replaceRegexpOne(currentDatabase(), '_distributed$', '') AND name LIKE 'responses%'
) AS kept
SELECT
    kept AS days,
    count() AS expired
FROM responses
WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND kept > 0 AND block_date <= toDate(greatest(toInt32(toDate(now('UTC'))) - toInt32(kept), 0))
