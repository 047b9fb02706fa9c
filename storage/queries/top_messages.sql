-- Question: what did the shown groups say last?
-- Inputs: the filter; by, salt, as in top_groups; shown_vendors, shown_codes = values of the shown groups, which prune the scan; shown_keys;
--   times = the instants to look at, empty = all of [from, to).
-- Columns: group_key; at, last_message = the latest that is not empty, the greatest if there are several.
-- Of nearly all rows only the time is read: PREWHERE says so, where the server would have read all messages first (half of
-- the statement).
SELECT
    -- include: part_group_key
    max(time) AS at,
    argMax(message, (time, message)) AS last_message
FROM responses
PREWHERE time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND time IN {times:Array(DateTime64(3, 'UTC'))} -- if times
WHERE kind = 'error'
    -- include: part_callers
    -- include: part_failures
    -- include: part_shown
    AND notEmpty(message)
GROUP BY group_key
