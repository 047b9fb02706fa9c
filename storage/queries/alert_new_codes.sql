-- Question: which errors, by vendor and code, appeared in [from, to) for the first time ever?
-- Inputs: the filter; history_ms = how long the vendor must have been known before: of a new vendor every
--   code is new. known_vendors, known_codes as in alert_minutes.
-- Columns: vendor, code, first_seen (Unix ms).
-- An error without a code is never new here: it has no name that could be.
SELECT vendor, code, toUnixTimestamp64Milli(min(time)) AS first_seen
FROM responses
WHERE kind = 'error' AND code != '' AND time < {to:DateTime64(3, 'UTC')}
    AND vendor NOT IN {known_vendors:Array(String)}
    AND concat(vendor, '\n', code) NOT IN {known_codes:Array(String)}
    -- include: part_callers
    -- include: part_failures
GROUP BY vendor, code
HAVING min(time) >= {from:DateTime64(3, 'UTC')}
    AND vendor IN
    (
        SELECT vendor
        FROM responses
        WHERE time < {from:DateTime64(3, 'UTC')} - toIntervalMillisecond({history_ms:UInt64}) AND kind IN ('error', 'success')
        GROUP BY vendor
    )
