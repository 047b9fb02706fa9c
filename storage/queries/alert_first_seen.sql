-- Question: when did each of these errors appear for the first time ever, and when was its vendor first heard of?
-- Inputs: the filter; parallel lists: new_vendors, new_codes.
-- Columns: vendor, code; first_seen, met (Unix ms).
-- The vendors' times come from the projection hours.
SELECT vendor, code, toUnixTimestamp64Milli(first) AS first_seen, toUnixTimestamp64Milli(met) AS met
FROM
(
    SELECT vendor, code, min(time) AS first
    FROM responses
    WHERE kind = 'error' AND time < {to:DateTime64(3, 'UTC')}
        AND vendor IN {new_vendors:Array(String)} AND code IN {new_codes:Array(String)}
        AND (vendor, code) IN arrayZip({new_vendors:Array(String)}, {new_codes:Array(String)})
        -- include: part_callers
        -- include: part_failures
    GROUP BY vendor, code
) AS codes
GLOBAL INNER JOIN
(
    SELECT vendor, min(time) AS met
    FROM responses
    WHERE kind IN ('error', 'success') AND vendor IN {new_vendors:Array(String)}
    GROUP BY vendor
) AS vendors USING (vendor)
