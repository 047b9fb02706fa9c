-- Question: of which of these minutes has each source sent a success?
-- Inputs: spike_sources = without the generation of a topic that was created anew; missing = minutes since 1970,
--   empty = all; since, until = from the first of them to the last.
-- Columns: source; minutes since 1970, in no order.
-- The set of minutes prunes by the index on time.
SELECT source, groupArray(minute) AS minutes
FROM
(
    SELECT source, intDiv(toUnixTimestamp64Milli(time), 60000) AS minute
    FROM responses
    WHERE kind = 'success' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        AND replaceRegexpOne(source, '~[0-9]+$', '') IN {spike_sources:Array(String)}
        AND (empty({missing:Array(Int64)}) OR intDiv(toUnixTimestamp64Milli(time), 60000) IN (SELECT arrayJoin({missing:Array(Int64)})))
    GROUP BY source, minute
)
GROUP BY source
