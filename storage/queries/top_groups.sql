-- Question: which groups of errors were the largest in [from, to)?
-- Inputs: the filter; by = the columns that make a group; limit = groups returned.
-- Columns: the group; count; services, endpoints, operations = distinct; first_seen, last_seen;
--   message_at = time of the latest error with a message; category, retry = the most frequent;
--   total = errors of all groups; groups = number of all groups.
-- Unused group columns are constants that the planner drops. Distinct texts are counted by their
-- 64-bit hash, which halves the cost. The message itself is not read here: it is the widest column.
SELECT
    -- include: part_groups
    count() AS count,
    uniqExact(cityHash64(service)) AS services,
    uniqExact(cityHash64(method, route)) AS endpoints,
    uniqExact(operation) AS operations,
    min(time) AS first_seen,
    max(time) AS last_seen,
    maxIf(time, notEmpty(message)) AS message_at,
    toString(topK(16)(responses.category)[1]) AS most_category,
    toString(topK(16)(responses.retry)[1]) AS most_retry,
    sum(count()) OVER () AS total,
    count() OVER () AS groups
FROM responses
WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
GROUP BY
    group_vendor, group_service, group_environment, group_endpoint, group_status, group_code,
    group_category, group_retry, group_fingerprint
ORDER BY
    count DESC, group_vendor, group_service, group_environment, group_endpoint, group_status, group_code,
    group_category, group_retry, group_fingerprint
LIMIT {limit:UInt64}
