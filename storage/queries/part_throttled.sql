-- Whoever was rejected, under whichever policy: a cheap set that spares the others the rest of the work.
throttled AS
(
    SELECT
        -- include: part_key
        vendor
    FROM responses
    WHERE kind = 'error' AND category = 'rate_limit'
        AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
        -- include: part_failures
),
