-- Question: how did the shown groups develop?
-- Inputs: the filter; by; the shown_… lists = values of the shown groups, which prune the scan to a
--   superset of these groups; previous = start of the equal window before from.
-- Columns: the group; bucket = 0 to 23, an equal part of [from, to), or -1 for [previous, from); count.
SELECT
    -- include: part_groups
    if(time < {from:DateTime64(3, 'UTC')}, -1,
        intDiv((toUnixTimestamp64Milli(time) - toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')})) * 24,
            toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')})))::Int8 AS bucket,
    count() AS count
FROM responses
WHERE kind = 'error' AND time >= {previous:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
    -- include: part_shown
GROUP BY
    group_vendor, group_service, group_environment, group_endpoint, group_status, group_code,
    group_category, group_retry, group_fingerprint, bucket
