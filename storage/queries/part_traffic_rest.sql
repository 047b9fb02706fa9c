SELECT vendor, count() AS responses
FROM responses
WHERE kind < 'dead_letter' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND (time < {first_minute:DateTime64(3, 'UTC')} OR time >= {last_minute:DateTime64(3, 'UTC')}) -- if hours or minutes
    -- include: part_callers
    AND vendor IN {shown_vendors:Array(String)} -- if shown_vendors
GROUP BY vendor
