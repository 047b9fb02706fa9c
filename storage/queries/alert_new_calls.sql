-- Question: how many calls got one of these errors, minute by minute?
-- Inputs: the filter; parallel lists: new_vendors, new_codes.
-- Columns: vendor, code; minute (since 1970); calls = different operations: a call that is repeated at once counts once.
-- Weak operations (see part_weak) cannot be told apart: what is not known to be a repetition is a call.
WITH method NOT IN ('GET', 'HEAD', 'PUT', 'DELETE') AND operation_key = 'none' AND attempt <= 1 AS weak
SELECT
    vendor, code,
    intDiv(toUnixTimestamp64Milli(time), 60000) AS minute,
    uniqExactIf(operation, NOT weak) + countIf(weak) AS calls
FROM responses
WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND vendor IN {new_vendors:Array(String)} AND code IN {new_codes:Array(String)}
    AND (vendor, code) IN arrayZip({new_vendors:Array(String)}, {new_codes:Array(String)})
    -- include: part_callers
    -- include: part_failures
GROUP BY vendor, code, minute
ORDER BY vendor, code, minute
