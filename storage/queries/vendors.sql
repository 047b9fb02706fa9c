-- Question: how many responses and errors did each vendor give, and how well are its error bodies understood?
-- Inputs: the filter; its status, code and category apply to errors only; limit.
-- Columns: vendor; responses = errors and successes; errors; recognised, generic, unparsed = errors with a response,
--   by how their body was read; vendors = how many there are.
-- Calls without a response have no body.
SELECT
    vendor,
    count() AS responses,
    countIf(failed) AS errors,
    countIf(failed AND status != 0 AND parse = 'vendor') AS recognised,
    countIf(failed AND status != 0 AND parse = 'generic') AS generic,
    countIf(failed AND status != 0 AND parse = 'unparsed') AS unparsed,
    count() OVER () AS vendors
FROM
(
    SELECT
        vendor, status, parse,
        kind = 'error'
        -- include: part_failures
        AS failed
    FROM responses
    WHERE kind IN ('error', 'success') AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
        -- include: part_callers
)
GROUP BY vendor
ORDER BY errors DESC, responses DESC, vendor
LIMIT {limit:UInt64}
