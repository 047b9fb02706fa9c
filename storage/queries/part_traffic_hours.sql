SELECT vendor, count() AS responses
FROM responses
WHERE kind < 'dead_letter'
    AND dateTrunc('hour', time) >= {first_hour:DateTime64(3, 'UTC')} AND dateTrunc('hour', time) < {last_hour:DateTime64(3, 'UTC')}
    -- include: part_callers
    AND vendor IN {shown_vendors:Array(String)} -- if shown_vendors
GROUP BY vendor
