-- Question: how many responses, errors and successes, did each vendor give in [from, to)?
-- Inputs: the filter; its status, code and category do not apply: they would count only errors.
--   shown_vendors = those of interest, empty = all; limit = vendors returned; first_hour, last_hour and
--   first_minute, last_minute = the whole hours and minutes within the range are [first, last); hours, minutes, rest = which of
--   them, and of what is left, there is any.
-- Columns: vendor, count; all_vendors = sum over all of them.
-- Without a filter by endpoint or source, whole hours and minutes come from the projection hours. Only what is left at the ends is read row by row.
SELECT vendor, sum(responses) AS count, sum(count) OVER () AS all_vendors
FROM
(
    -- include: part_traffic
)
GROUP BY vendor
ORDER BY count DESC, vendor
LIMIT {limit:UInt64}
