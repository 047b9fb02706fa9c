AND (attempt = 0 AND position(route, '{') = 0 OR operation GLOBAL NOT IN
(
    SELECT operation
    FROM responses
    WHERE kind = 'error' AND attempt > 1 AND operation_key = 'none'
        AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
))
