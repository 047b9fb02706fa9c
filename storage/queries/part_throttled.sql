AND (vendor, credential, if(empty(credential), service, '')) GLOBAL IN
(
    SELECT vendor, credential, if(empty(credential), service, '')
    FROM responses
    WHERE kind = 'error' AND category = 'rate_limit'
        AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
        -- include: part_failures
)
