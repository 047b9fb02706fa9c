AND (operation, attempt = 0 AND position(route, '{') = 0) GLOBAL NOT IN
(
    SELECT operation, arrayJoin(if(min(attempt) > 1, [0, 1], [0])) AS uncounted
    FROM responses
    WHERE kind = 'error' AND attempt > 0 AND operation_key = 'none'
        AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
    GROUP BY operation
    HAVING max(attempt) > 1
)
