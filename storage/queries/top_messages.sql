-- Question: what did the shown groups say last?
-- Inputs: the filter; by; the shown_… lists; message_times = the instants of the latest messages.
-- Columns: the group; time; message = one of that instant, the greatest if there are several.
SELECT
    -- include: part_groups
    time,
    max(message) AS message
FROM responses
WHERE kind = 'error' AND time IN {message_times:Array(DateTime64(3, 'UTC'))}
    AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
    -- include: part_shown
GROUP BY
    group_vendor, group_service, group_environment, group_endpoint, group_status, group_code,
    group_category, group_retry, group_fingerprint, time
