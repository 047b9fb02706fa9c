-- Question: how many operations have the shown groups, to the last one?
-- Inputs: the filter; by, salt, as in top_groups; shown_vendors, shown_codes = values of the shown groups, which prune the scan; shown_keys.
-- Columns: group_key; operations.
SELECT
    -- include: part_group_key
    uniqExact(operation) AS operations
FROM responses
WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
    -- include: part_shown
GROUP BY group_key
