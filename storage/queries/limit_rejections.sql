-- Question: who was throttled when, and what did the vendor say about it?
-- Inputs: the filter; since, until = [from, to) and the margins around it; max_rejections, of which the
--   latest are kept.
-- Columns: one row for rejections that are alike: vendor, credential, payer = the service when there is
--   no credential, service, method, route; policy; quota, window_s: 0 = not advertised; stated = where
--   the quota stood, '' = in a header; matches = passes status, code and category; cut = 1 when there were more
--   rejections than are looked at. Then parallel lists:
--   ats, starts = Unix milliseconds of response and request; waits = Retry-After in ms, -1 = not stated.
-- Of facts only the object rate_limit has members called policy, limit, window_s and source.
WITH
(
    SELECT time
    FROM responses
    WHERE kind = 'error' AND category = 'rate_limit'
        AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
    ORDER BY time DESC
    LIMIT 1 OFFSET {max_rejections:UInt64}
) AS cutoff
SELECT
    vendor, credential, payer, service, method, route, policy, quota, window_s, stated, matches,
    toUInt8(isNotNull(cutoff)) AS cut,
    groupArray(at) AS ats,
    groupArray(started) AS starts,
    groupArray(wait) AS waits
FROM
(
    SELECT
        vendor,
        credential,
        if(empty(credential), service, '') AS payer,
        service,
        method,
        route,
        substring(facts, position(facts, '"rate_limit":{') + 13) AS rate_limit_text,
        simpleJSONExtractString(rate_limit_text, 'policy') AS policy,
        simpleJSONExtractInt(rate_limit_text, 'limit') AS quota,
        simpleJSONExtractInt(rate_limit_text, 'window_s') AS window_s,
        simpleJSONExtractString(rate_limit_text, 'source') AS stated,
        toUInt8(1
            -- include: part_failures
        ) AS matches,
        toUnixTimestamp64Milli(time) AS at,
        at - toInt64(duration_ms) AS started,
        toInt64(retry_after_ms) AS wait
    FROM responses
    WHERE kind = 'error' AND category = 'rate_limit'
        AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
        AND (cutoff IS NULL OR time > cutoff)
)
GROUP BY vendor, credential, payer, service, method, route, policy, quota, window_s, stated, matches
