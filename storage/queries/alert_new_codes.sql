-- Question: which errors, by vendor and code, are there in [from, to), and not in the hours before it?
-- Inputs: the filter; since = where these hours begin. known_vendors, known_codes ("vendor\ncode") = errors that do not count.
-- Columns: vendor, code.
-- An error without a code is never new: it has no name that could be.
SELECT vendor, code
FROM responses
WHERE kind = 'error' AND code != '' AND time >= {since:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND vendor NOT IN {known_vendors:Array(String)}
    AND concat(vendor, '\n', code) NOT IN {known_codes:Array(String)}
    -- include: part_callers
    -- include: part_failures
GROUP BY vendor, code
HAVING min(time) >= {from:DateTime64(3, 'UTC')}
ORDER BY vendor, code
