operation,
toUnixTimestamp64Milli(time) AS at,
at - toInt64(duration_ms) AS started,
toUInt8(kind = 'error') AS failed,
toUInt8(kind = 'error'
    -- include: part_failures
) AS matches,
toInt64(retry_after_ms) AS wait,
toUInt8(retry = 'no') AS hopeless,
status,
