-- Question: in which minutes of [from, to) has any record its time? In the others nothing was ingested.
-- Inputs: the filter; only its sources apply.
-- Columns: minute (since 1970).
SELECT DISTINCT toInt64(intDiv(toUnixTimestamp(time), 60)) AS minute
FROM responses
WHERE time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)} OR replaceRegexpOne(source, '~[0-9]+$', '') IN {sources:Array(String)})
