-- Question: which groups of errors were the largest in [from, to), and how did they develop?
-- Inputs: the filter; by = the columns that make a group; limit = groups returned; previous = start of the equal window
--   before from; every = one operation in so many is counted, 1 = all; salt = a number that nobody
--   could know.
-- Columns: group_key; the columns of the group; count; services, endpoints, operations = distinct; first_seen, last_seen;
--   pairs = how often each category came with each retry advice, by their numbers; categories, retries = the same of each alone; most_category, most_retry = the most frequent one; buckets = errors of the window before and of 24 equal parts of [from, to);
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
    if(has({by:Array(String)}, 'vendor'), any(vendor), '') AS group_vendor,
    if(has({by:Array(String)}, 'service'), any(service), '') AS group_service,
    if(has({by:Array(String)}, 'environment'), any(environment), '') AS group_environment,
    if(has({by:Array(String)}, 'endpoint'), any(endpoint), '') AS group_endpoint,
    if(has({by:Array(String)}, 'status'), any(status), toUInt16(0)) AS group_status,
    if(has({by:Array(String)}, 'code'), any(code), '') AS group_code,
    multiIf(has({by:Array(String)}, 'fingerprint'), any(fingerprint), has({by:Array(String)}, 'code'), max(if(code = '', fingerprint, 0)), toUInt64(0)) AS group_fingerprint,
    countIf(current) AS count,
    uniqExactIf(sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), service), current) AS services,
    uniqExactIf(3 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), method) + sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), route), current) AS endpoints,
    length(arrayCompact(arraySort(groupArrayIf(operation, current AND operation % {every:UInt64} = 0)))) AS operations,
    minIf(time, current) AS first_seen,
    max(time) AS last_seen,
    countResample(0, 80, 1)(if(current, toInt8(category) * 5 + toInt8(retry), -1)) AS pairs,
    arrayMap(c -> arraySum(arraySlice(pairs, c * 5 + 1, 5)), range(16)) AS categories,
    arrayMap(r -> arraySum(arrayMap(c -> pairs[c * 5 + r + 1], range(16))), range(5)) AS retries,
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
