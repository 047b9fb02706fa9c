-- Question: of which minutes has each source sent any record?
-- Inputs: sources; since, until.
-- Columns: source, without the generation of a topic that was created anew; minutes since 1970, in no order.
-- Only the source counts: a service that was idle has been observed.
SELECT stream, groupArray(minute) AS minutes
FROM
(
    SELECT replaceRegexpOne(source, '~[0-9]+$', '') AS stream, intDiv(toUnixTimestamp64Milli(time), 60000) AS minute
    FROM responses
    WHERE kind IN ('error', 'success') AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)} OR replaceRegexpOne(source, '~[0-9]+$', '') IN {sources:Array(String)})
    GROUP BY stream, minute
)
GROUP BY stream
