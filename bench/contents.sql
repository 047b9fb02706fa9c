-- The same of every contender's table: what of it must be equal, and how much of the errors each has understood.
SELECT
    count() AS rows,
    sum(status) AS statuses,
    sum(toUnixTimestamp64Milli(time)) AS times,
    uniqExact(service) AS services,
    countIf(status = 0 OR status >= 400) AS failed,
    countIf((status = 0 OR status >= 400) AND code != '') AS with_code,
    countIf((status = 0 OR status >= 400) AND message != '') AS with_message
FROM {database:Identifier}.responses
