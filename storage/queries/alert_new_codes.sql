-- Question: which errors, by vendor and code, appeared in [from, to) for the first time ever?
-- Inputs: the filter; history_ms = how long the vendor must have been known before: of a new vendor every
--   code is new. known_vendors, known_codes as in alert_minutes.
-- Columns: vendor, code, first_seen (Unix ms).
-- An error without a code is never new here: it has no name that could be.
SELECT vendor, code, toUnixTimestamp64Milli(first) AS first_seen
FROM
(
    SELECT vendor, code, min(time) AS first
    FROM responses
    WHERE kind = 'error' AND code != '' AND time < {to:DateTime64(3, 'UTC')}
        AND vendor NOT IN {known_vendors:Array(String)}
        AND concat(vendor, '\n', code) NOT IN {known_codes:Array(String)}
        -- include: part_callers
        -- include: part_failures
    GROUP BY vendor, code
    HAVING first >= {from:DateTime64(3, 'UTC')}
) AS codes
INNER JOIN
(
    SELECT vendor, min(time) AS met
    FROM responses
    WHERE kind IN ('error', 'success')
    GROUP BY vendor
) AS vendors USING (vendor)
WHERE met <= first - toIntervalMillisecond({history_ms:UInt64})
