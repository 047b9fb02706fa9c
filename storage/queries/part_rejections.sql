SELECT
    vendor,
    credential,
    if(empty(credential), service, '') AS payer,
    service,
    method,
    route,
    toUnixTimestamp64Milli(time) AS at,
    at - toInt64(duration_ms) AS started,
    toInt64(retry_after_ms) AS wait,
    JSONExtractString(facts, 'rate_limit', 'policy') AS policy,
    JSONExtractInt(facts, 'rate_limit', 'limit') AS quota,
    JSONExtractInt(facts, 'rate_limit', 'window_s') AS window_s
FROM responses
WHERE kind = 'error' AND category = 'rate_limit'
    AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
