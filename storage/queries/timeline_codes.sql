-- Question: which codes were the largest in [from, to), and how many of them fell into each bucket?
-- Inputs: the filter; origin_ms = start of the first bucket in Unix milliseconds, step_ms = length of a bucket; limit = codes returned.
-- Columns: vendor, status, code; category = that of the fullest bucket; count; buckets, counts = the buckets that
--   have any, by number from 0; codes = number of all codes.
SELECT
    vendor,
    status,
    code,
    toString(argMax(bucket_category, n)) AS most_category,
    sum(n) AS count,
    groupArray(bucket) AS buckets,
    groupArray(n) AS counts,
    count() OVER () AS codes
FROM
(
    SELECT
        vendor,
        status,
        code,
        intDiv(toUnixTimestamp64Milli(time) - {origin_ms:Int64}, {step_ms:Int64}) AS bucket,
        any(category) AS bucket_category,
        count() AS n
    FROM responses
    WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
        -- include: part_callers
        -- include: part_failures
    GROUP BY vendor, status, code, bucket
)
GROUP BY vendor, status, code
ORDER BY count DESC, vendor, status, code
LIMIT {limit:UInt64}
