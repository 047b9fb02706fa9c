-- Question: which error bodies that no definition recognises are the most frequent?
-- Inputs: the filter; shown_vendors; shapes = how many of each vendor.
-- Columns: vendor, host, status, parse = generic or unparsed, format, kind_of_message = the fingerprint of unparsed
--   bodies, which have nothing but their text to go by, else 0: the shape; count; first_seen, last_seen;
--   generic_bodiless, unparsed_bodiless = errors of the vendor that had no body, or whose body was not logged.
SELECT
    vendor, host, status, toString(parse) AS parsed, format AS body_format,
    if(parse = 'unparsed', fingerprint, 0) AS kind_of_message,
    count() AS count,
    min(time) AS first_seen,
    max(time) AS last_seen,
    sumIf(count(), parsed = 'generic' AND body_format IN ('', 'empty')) OVER (PARTITION BY vendor) AS generic_bodiless,
    sumIf(count(), parsed = 'unparsed' AND body_format IN ('', 'empty')) OVER (PARTITION BY vendor) AS unparsed_bodiless
FROM responses
WHERE kind = 'error' AND parse IN ('generic', 'unparsed') AND status != 0
    AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
    AND vendor IN {shown_vendors:Array(String)}
GROUP BY vendor, host, status, parsed, body_format, kind_of_message
ORDER BY vendor, body_format IN ('', 'empty'), count DESC, host, status, body_format, kind_of_message
LIMIT {shapes:UInt64} BY vendor
