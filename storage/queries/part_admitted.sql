-- Admitted is every response that the limiter let pass, errors too.
FROM responses
WHERE kind IN ('error', 'success') AND category != 'rate_limit' AND status != 0
    AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
    -- include: part_callers
    AND vendor IN {payer_vendors:Array(String)}
    AND key GLOBAL IN (SELECT key FROM payers)
