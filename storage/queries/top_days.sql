-- Question: as top_groups, of a range with whole days in it, whose 24 equal parts begin with hours, and with so many errors that
--   one operation in 16 is counted. The whole days come from the projection days; only the rest is read row by row.
-- Inputs: the filter, without service, environment, endpoint and source; by, without those and fingerprint; limit, previous,
--   salt, as in top_groups; first_day, last_day = the whole days within [from, to); first_past, last_past = those within
--   [previous, from).
-- Columns: those of top_groups.
-- Distinct services and endpoints are counted by hashes that everybody knows: they are ours, no vendor chooses them.
WITH
    toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}) AS from_ms,
    toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) AS to_ms,
    sumMap([5 * toUInt8(category) + toUInt8(retry)], [errors]) AS by_pair,
    sumMap(parts, counts) AS by_part
SELECT
    -- include: part_group_key
    any(vendor) AS group_vendor, -- if by:vendor
    any(status) AS group_status, -- if by:status
    any(code) AS group_code, -- if by:code
    max(fingerprint) AS group_fingerprint, -- if by:code
    sum(errors) AS count,
    uniqExactArrayIf(services_seen, current) AS services,
    uniqExactArrayIf(endpoints_seen, current) AS endpoints,
    length(arrayCompact(arraySort(groupArrayArrayIf(operations_seen, current)))) AS operations,
    minIf(first, current) AS first_seen,
    max(last) AS last_seen,
    arrayMap(p -> by_pair.2[indexOf(by_pair.1, p)], range(80)) AS pairs,
    arrayMap(p -> by_part.2[indexOf(by_part.1, p)], range(-1, 24)) AS buckets,
    sum(count) OVER () AS total,
    count() OVER () AS groups
FROM
(
    SELECT
        day_vendor AS vendor, day_code AS code, template AS fingerprint, status, category, retry,
        toInt64(toInt32(day)) * 86400000 AS day_ms,
        day_ms >= from_ms AS current,
        if(current, day_count, 0) AS errors,
        services_seen, endpoints_seen, operations_seen, first, last,
        arrayMap(hour -> if(current, intDiv((day_ms + hour * 3600000 - from_ms) * 24, to_ms - from_ms), -1), range(24)) AS parts,
        counts
    FROM
    (
        SELECT
            toDate32(time) AS day, status, category, retry, if(code = '', fingerprint, 0) AS template,
            -- include: part_days
            count() AS day_count,
            countResample(0, 24, 1)(toHour(time)) AS counts
        FROM responses
        WHERE kind = 'error'
            AND (toDate32(time) >= toDate32({first_day:DateTime64(3, 'UTC')}) AND toDate32(time) < toDate32({last_day:DateTime64(3, 'UTC')})
                OR toDate32(time) >= toDate32({first_past:DateTime64(3, 'UTC')}) AND toDate32(time) < toDate32({last_past:DateTime64(3, 'UTC')}))
        GROUP BY day, status, category, retry, template, reinterpretAsUInt128(sipHash128(vendor)) * 3 + reinterpretAsUInt128(sipHash128(code))
    )
    UNION ALL
    SELECT
        day_vendor AS vendor, day_code AS code, template AS fingerprint, status, category, retry,
        0 AS day_ms,
        current,
        if(current, rest_count, 0) AS errors,
        services_seen, endpoints_seen, operations_seen, first, last,
        range(-1, 24) AS parts,
        counts
    FROM
    (
        SELECT
            time >= {from:DateTime64(3, 'UTC')} AS current, status, category, retry, if(code = '', fingerprint, 0) AS template,
            -- include: part_days
            count() AS rest_count,
            countResample(-1, 24, 1)(if(current, intDiv((toUnixTimestamp64Milli(time) - from_ms) * 24, to_ms - from_ms), -1)) AS counts
        FROM responses
        WHERE kind = 'error' AND time >= {previous:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
            AND (time < {first_day:DateTime64(3, 'UTC')} OR time >= {last_day:DateTime64(3, 'UTC')})
            AND (time < {first_past:DateTime64(3, 'UTC')} OR time >= {last_past:DateTime64(3, 'UTC')})
        GROUP BY current, status, category, retry, template, reinterpretAsUInt128(sipHash128(vendor)) * 3 + reinterpretAsUInt128(sipHash128(code))
    )
)
WHERE true
    -- include: part_callers
    -- include: part_failures
GROUP BY group_key
HAVING count > 0
ORDER BY
    count DESC,
    group_vendor, -- if by:vendor
    group_status, -- if by:status
    group_code, -- if by:code
    min(category), min(retry),
    group_fingerprint, -- if by:code
    group_key
LIMIT {limit:UInt64}
