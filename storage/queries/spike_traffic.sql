-- Question: how many responses, errors and successes, did the vendors of spikes give in these minutes?
-- Inputs: the filter; its status, code and category do not apply: they would count only errors.
--   spike_vendors; spike_minutes = minutes since 1970; spikes_since, spikes_until = from the first of them to the last.
-- Columns: vendor; minute = minutes since 1970; count.
SELECT vendor, intDiv(toUnixTimestamp64Milli(time), 60000) AS minute, count() AS count
FROM responses
WHERE kind IN ('error', 'success') AND time >= {spikes_since:DateTime64(3, 'UTC')} AND time < {spikes_until:DateTime64(3, 'UTC')}
    AND vendor IN {spike_vendors:Array(String)}
    AND intDiv(toUnixTimestamp64Milli(time), 60000) IN (SELECT arrayJoin({spike_minutes:Array(Int64)}))
    -- include: part_callers
GROUP BY vendor, minute
