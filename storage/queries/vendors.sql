-- Question: how many responses and errors did each vendor give, and how well are its error bodies understood?
-- Inputs: the filter; its status, code and category apply to errors only; shown_vendors, first_hour, last_hour,
--   first_minute, last_minute, hours, minutes, rest, limit, as in totals.
-- Columns: vendor; responses = errors and successes; errors; recognised, generic, unparsed = errors with a response,
--   by how their body was read; vendors = how many there are.
-- Calls without a response have no body.
SELECT
    vendor,
    sum(responses) AS responses,
    sum(errors) AS errors,
    sum(recognised) AS recognised,
    sum(generic) AS generic,
    sum(unparsed) AS unparsed,
    count() OVER () AS vendors
FROM
(
    SELECT vendor, responses, 0 AS errors, 0 AS recognised, 0 AS generic, 0 AS unparsed
    FROM
    (
        -- include: part_traffic
    )
    UNION ALL
    SELECT
        vendor,
        0 AS responses,
        count() AS errors,
        countIf(status != 0 AND parse = 'vendor') AS recognised,
        countIf(status != 0 AND parse = 'generic') AS generic,
        countIf(status != 0 AND parse = 'unparsed') AS unparsed
    FROM responses
    WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
        -- include: part_callers
        -- include: part_failures
    GROUP BY vendor
)
GROUP BY vendor
ORDER BY errors DESC, responses DESC, vendor
LIMIT {limit:UInt64}
