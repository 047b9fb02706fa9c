-- Question: which hours have changed since they were read?
-- Inputs: since, until = whole hours.
-- Columns: hour (since 1970), signature = hash of how many records of each kind every vendor has in it, the first and the last.
-- It comes from the projection hours.
SELECT toInt64(intDiv(toUnixTimestamp(hours), 3600)) AS hour, sum(cityHash64(kind, vendor, count, first, last)) AS signature
FROM
(
    SELECT kind, vendor, dateTrunc('hour', time) AS hours, count() AS count, min(time) AS first, max(time) AS last
    FROM responses
    WHERE dateTrunc('hour', time) >= {since:DateTime64(3, 'UTC')} AND dateTrunc('hour', time) < {until:DateTime64(3, 'UTC')}
    GROUP BY kind, vendor, dateTrunc('hour', time)
)
GROUP BY hour
