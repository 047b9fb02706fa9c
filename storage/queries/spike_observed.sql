-- Question: of which minutes has each source sent an error?
-- Inputs: spike_sources = without the generation of a topic that was created anew; since, until.
-- Columns: source; minutes since 1970, in no order.
-- Only the source counts: a service that was idle has been observed. Errors mostly cover every minute, and
-- are few beside the successes; spike_missing.sql looks for the minutes without.
SELECT source, groupArray(minute) AS minutes
FROM
(
    SELECT source, intDiv(toUnixTimestamp64Milli(time), 60000) AS minute
    FROM responses
    WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        AND replaceRegexpOne(source, '~[0-9]+$', '') IN {spike_sources:Array(String)}
    GROUP BY source, minute
)
GROUP BY source
