SELECT vendor, count() AS responses
FROM responses
WHERE kind != 'dead_letter'
    AND dateTrunc('hour', time) >= {first_hour:DateTime64(3, 'UTC')} AND dateTrunc('hour', time) < {last_hour:DateTime64(3, 'UTC')}
    -- include: part_callers
    AND (empty({shown_vendors:Array(String)}) OR vendor IN {shown_vendors:Array(String)})
GROUP BY vendor
UNION ALL
SELECT vendor, sum(arraySum(arraySlice(minutes, 1 + greatest(0, first), least(60, last) - greatest(0, first)))) AS responses
FROM
(
    SELECT
        vendor,
        dateDiff('minute', dateTrunc('hour', time), {first_minute:DateTime64(3, 'UTC')}) AS first,
        dateDiff('minute', dateTrunc('hour', time), {last_minute:DateTime64(3, 'UTC')}) AS last,
        countResample(0, 60, 1)(toMinute(time)) AS minutes
    FROM responses
    WHERE kind != 'dead_letter'
        AND dateTrunc('hour', time) >= dateTrunc('hour', {first_minute:DateTime64(3, 'UTC')}) AND dateTrunc('hour', time) < {last_minute:DateTime64(3, 'UTC')}
        AND (dateTrunc('hour', time) < {first_hour:DateTime64(3, 'UTC')} OR dateTrunc('hour', time) >= {last_hour:DateTime64(3, 'UTC')})
        -- include: part_callers
        AND (empty({shown_vendors:Array(String)}) OR vendor IN {shown_vendors:Array(String)})
    GROUP BY vendor, dateTrunc('hour', time)
)
GROUP BY vendor
UNION ALL
SELECT vendor, count() AS responses
FROM responses
WHERE kind != 'dead_letter' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    AND (time < {first_minute:DateTime64(3, 'UTC')} OR time >= {last_minute:DateTime64(3, 'UTC')})
    AND ({from:DateTime64(3, 'UTC')} < {first_minute:DateTime64(3, 'UTC')} OR {last_minute:DateTime64(3, 'UTC')} < {to:DateTime64(3, 'UTC')}) -- nothing is left of whole minutes: the server knows before it reads
    -- include: part_callers
    AND (empty({shown_vendors:Array(String)}) OR vendor IN {shown_vendors:Array(String)})
GROUP BY vendor
