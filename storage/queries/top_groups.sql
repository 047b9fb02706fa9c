-- Question: which groups of errors were the largest in [from, to), and how did they develop?
-- Inputs: the filter; by = the columns that make a group; limit = groups returned; previous = start of the equal window
--   before from; every = one operation in so many is counted, 1 = all.
-- Columns: group_key; the columns of the group; count; services, endpoints, operations = distinct; first_seen, last_seen;
--   categories, retries = how often each by its number; most_category, most_retry = the most frequent one; buckets = errors of the window before and of 24 equal parts of [from, to);
--   total = errors of all groups; groups = number of all groups.
-- An error without a code belongs with those of its template: their fingerprint is one.
-- The key is a sum of hashes of single columns: the server computes such a hash once for every text of a dictionary,
-- and one number is a faster key than several texts. Distinct texts are counted by their hashes too. The message is
-- not read here: it is the widest column.
WITH
    time >= {from:DateTime64(3, 'UTC')} AS current,
    toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}) AS from_ms,
    toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) AS to_ms,
    if(current, intDiv((toUnixTimestamp64Milli(time) - from_ms) * 24, to_ms - from_ms), -1) AS bucket
SELECT
    -- include: part_group_key
    any(if(has({by:Array(String)}, 'vendor'), vendor, '')) AS group_vendor,
    any(if(has({by:Array(String)}, 'service'), service, '')) AS group_service,
    any(if(has({by:Array(String)}, 'environment'), environment, '')) AS group_environment,
    any(if(has({by:Array(String)}, 'endpoint'), endpoint, '')) AS group_endpoint,
    any(if(has({by:Array(String)}, 'status'), status, toUInt16(0))) AS group_status,
    any(if(has({by:Array(String)}, 'code'), code, '')) AS group_code,
    any(if(has({by:Array(String)}, 'fingerprint'), fingerprint, toUInt64(0))) AS group_fingerprint,
    countIf(current) AS count,
    uniqExactIf(cityHash64(service), current) AS services,
    uniqExactIf(7 * cityHash64(method) + 11 * cityHash64(route), current) AS endpoints,
    uniqExactIf(operation, current AND operation % {every:UInt64} = 0) AS operations,
    minIf(time, current) AS first_seen,
    max(time) AS last_seen,
    countIfResample(0, 16, 1)(current, toInt8(category)) AS categories,
    countIfResample(0, 5, 1)(current, toInt8(retry)) AS retries,
    toUInt8(indexOf(categories, arrayMax(categories)) - 1) AS most_category,
    toUInt8(indexOf(retries, arrayMax(retries)) - 1) AS most_retry,
    countResample(-1, 24, 1)(bucket) AS buckets,
    sum(count) OVER () AS total,
    count() OVER () AS groups
FROM responses
WHERE kind = 'error' AND time >= {previous:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
GROUP BY group_key
HAVING count > 0
ORDER BY
    count DESC, group_vendor, group_service, group_environment, group_endpoint, group_status, group_code,
    most_category, most_retry, group_fingerprint, group_key
LIMIT {limit:UInt64}
