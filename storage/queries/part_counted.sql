SELECT operation
FROM responses
WHERE kind = 'error' AND attempt > 1 AND operation_key IN ('none', 'path') AND position(route, '{') = 0
    AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    -- include: part_callers
