SELECT vendor, count() AS responses
FROM responses
WHERE kind != 'dead_letter'
    AND dateTrunc('hour', time) >= {first_hour:DateTime64(3, 'UTC')} AND dateTrunc('hour', time) < {last_hour:DateTime64(3, 'UTC')}
    -- include: part_callers
    AND (empty({shown_vendors:Array(String)}) OR vendor IN {shown_vendors:Array(String)})
GROUP BY vendor
UNION ALL
SELECT vendor, count() AS responses
FROM responses
WHERE kind != 'dead_letter' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND (time < {first_hour:DateTime64(3, 'UTC')} OR time >= {last_hour:DateTime64(3, 'UTC')})
    -- include: part_callers
    AND (empty({shown_vendors:Array(String)}) OR vendor IN {shown_vendors:Array(String)})
GROUP BY vendor
