-- Question: when did each of these codes appear for the first time, whoever called?
-- Inputs: parallel lists: seen_vendors, seen_codes.
-- Columns: vendor, code; first = minutes since 1970.
SELECT vendor, code, intDiv(toUnixTimestamp64Milli(min(time)), 60000) AS first
FROM responses
WHERE kind = 'error'
    AND vendor IN {seen_vendors:Array(String)} AND code IN {seen_codes:Array(String)}
    AND (vendor, code) IN arrayZip({seen_vendors:Array(String)}, {seen_codes:Array(String)})
GROUP BY vendor, code
