-- Question: how many responses, errors and successes, did each vendor give in [from, to)?
-- Inputs: the filter; its status, code and category do not apply: they would count only errors.
--   shown_vendors = those of interest, empty = all.
-- Columns: vendor, count.
SELECT vendor, count() AS count
FROM responses
WHERE kind IN ('error', 'success') AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    AND (empty({shown_vendors:Array(String)}) OR vendor IN {shown_vendors:Array(String)})
GROUP BY vendor
