SELECT
    source, vendor, status, code,
    intDiv(toUnixTimestamp64Milli(time), 60000) AS minute,
    count() AS count,
    max(toUInt8(kind = 'error'
        -- include: part_failures
    )) AS passes
FROM responses
WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    -- include: part_callers
