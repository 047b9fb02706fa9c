-- Question: which groups of errors were the largest in [from, to), and how did they develop?
-- Inputs: the filter; by = the columns that make a group; limit = groups returned; previous = start of the equal window
--   before from; sampled: every = one operation in so many is counted; salt = a number that nobody
--   could know.
-- Columns: group_key; the columns of the group; count; services, endpoints, operations = distinct; first_seen, last_seen;
--   pairs = how often each category came with each retry advice, by their numbers (5 * category + retry); buckets = errors of
--   the window before and of 24 equal parts of [from, to);
--   total = errors of all groups; groups = number of all groups.
-- An error without a code belongs with those of its template: their fingerprint is one.
-- The key is a sum of hashes of single columns: the server computes such a hash once for every text of a dictionary,
-- and one number is a faster key than several texts. Codes are the vendors' words: salt, another at each question, keeps
-- them from choosing two that hash alike. Distinct texts are counted by their hashes too.
-- Operations are sorted rather than hashed: there are millions, and a table of them fits no cache (a fifth of the
-- whole statement). The message is not read here: it is the widest column.
WITH
    time >= {from:DateTime64(3, 'UTC')} AS current,
    toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}) AS from_ms,
    toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) AS to_ms,
    if(current, intDiv((toUnixTimestamp64Milli(time) - from_ms) * 24, to_ms - from_ms), -1) AS bucket
SELECT
    -- include: part_group_key
    any(vendor) AS group_vendor, -- if by:vendor
    any(service) AS group_service, -- if by:service
    any(environment) AS group_environment, -- if by:environment
    any(endpoint) AS group_endpoint, -- if by:endpoint
    any(status) AS group_status, -- if by:status
    any(code) AS group_code, -- if by:code
    max(if(code = '', fingerprint, 0)) AS group_fingerprint, -- if by:code -- if not by:fingerprint
    any(fingerprint) AS group_fingerprint, -- if by:fingerprint
    countIf(current) AS count,
    uniqExactIf(sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), service), current) AS services,
    uniqExactIf(3 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), method) + sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), route), current) AS endpoints,
    length(arrayCompact(arraySort(groupArrayIf(operation, current)))) AS operations, -- if not sampled
    length(arrayCompact(arraySort(groupArrayIf(operation, current AND operation % {every:UInt64} = 0)))) AS operations, -- if sampled
    minIf(time, current) AS first_seen,
    max(time) AS last_seen,
    countResample(0, 80, 1)(if(current, toInt8(category) * 5 + toInt8(retry), -1)) AS pairs,
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
    count DESC,
    group_vendor, -- if by:vendor
    group_service, -- if by:service
    group_environment, -- if by:environment
    group_endpoint, -- if by:endpoint
    group_status, -- if by:status
    group_code, -- if by:code
    min(category), min(retry),
    group_fingerprint, -- if by:code or by:fingerprint
    group_key
LIMIT {limit:UInt64}
