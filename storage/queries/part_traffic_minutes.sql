SELECT vendor, sum(arraySum(arraySlice(minutes, 1 + greatest(0, first), least(60, last) - greatest(0, first)))) AS responses
FROM
(
    SELECT
        vendor,
        dateDiff('minute', dateTrunc('hour', time), {first_minute:DateTime64(3, 'UTC')}) AS first,
        dateDiff('minute', dateTrunc('hour', time), {last_minute:DateTime64(3, 'UTC')}) AS last,
        countResample(0, 60, 1)(toMinute(time)) AS minutes
    FROM responses
    WHERE kind < 'dead_letter'
        AND dateTrunc('hour', time) >= dateTrunc('hour', {first_minute:DateTime64(3, 'UTC')}) AND dateTrunc('hour', time) < {last_minute:DateTime64(3, 'UTC')}
        AND (dateTrunc('hour', time) < {first_hour:DateTime64(3, 'UTC')} OR dateTrunc('hour', time) >= {last_hour:DateTime64(3, 'UTC')}) -- if hours
        -- include: part_callers
        AND vendor IN {shown_vendors:Array(String)} -- if shown_vendors
    GROUP BY vendor, dateTrunc('hour', time)
)
GROUP BY vendor
