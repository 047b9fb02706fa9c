-- Question: of which minutes of each hour has each source sent an error?
-- Inputs: since, until = whole hours.
-- Columns: hour (since 1970); source; minutes since 1970, in no order.
SELECT intDiv(minute, 60) AS hour, source, groupArray(minute) AS minutes
FROM
(
    SELECT source, intDiv(toUnixTimestamp64Milli(time), 60000) AS minute
    FROM responses
    WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    GROUP BY source, minute
)
GROUP BY hour, source
