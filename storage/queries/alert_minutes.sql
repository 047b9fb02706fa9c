-- Question: how many responses and errors did each group have in each minute of [from, to)?
-- Inputs: the filter; its status, code and category narrow the errors only, not the responses.
--   by = the columns that make the groups; errors_only spares the successes: responses is then 0.
--   once = an error whose record was written twice counts once, as in alert_course; it reads more. That is an estimate beyond a
--   hundred a minute, so it counts only where a tenth or more are copies.
--   known_vendors, known_codes ("vendor\ncode") = errors that do not count.
-- Columns: minute (since 1970), key (the group's values, '' for a column that is not in by), responses,
--   errors, unparsed (errors whose body nothing explains).
WITH
    countIf(failed) AS rows,
    uniqCombined64If(12)(once_time, once_operation, once_checksum, failed) AS records
SELECT
    toInt64(intDiv(toUnixTimestamp(time), 60)) AS minute,
    [group_vendor, group_service, group_environment, group_endpoint, group_status, group_code, group_category] AS key,
    countIf(NOT {errors_only:Bool}) AS responses,
    if({once:Bool} AND records < 0.9 * rows, records, rows) AS errors,
    countIf(failed AND parse = 'unparsed') AS unparsed
FROM
(
    SELECT
        time,
        parse,
        if({once:Bool}, toUnixTimestamp64Milli(time), 0) AS once_time,
        if({once:Bool}, operation, 0) AS once_operation,
        if({once:Bool}, checksum, 0) AS once_checksum,
        if(has({by:Array(String)}, 'vendor'), toString(vendor), '') AS group_vendor,
        if(has({by:Array(String)}, 'service'), toString(service), '') AS group_service,
        if(has({by:Array(String)}, 'environment'), toString(environment), '') AS group_environment,
        if(has({by:Array(String)}, 'endpoint'), endpoint, '') AS group_endpoint,
        if(has({by:Array(String)}, 'status'), toString(status), '') AS group_status,
        if(has({by:Array(String)}, 'code'), toString(code), '') AS group_code,
        if(has({by:Array(String)}, 'category'), toString(category), '') AS group_category,
        (
            kind = 'error'
            AND vendor NOT IN {known_vendors:Array(String)}
            AND concat(vendor, '\n', code) NOT IN {known_codes:Array(String)}
            -- include: part_failures
        ) AS failed
    FROM responses
    WHERE (kind = 'error' OR kind = 'success' AND NOT {errors_only:Bool})
        AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
        -- include: part_callers
)
GROUP BY minute, group_vendor, group_service, group_environment, group_endpoint, group_status, group_code, group_category
