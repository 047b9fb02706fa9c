-- Question: what do the errors of these spikes say?
-- Inputs: the filter; parallel lists of kinds: spike_vendors, spike_statuses, spike_codes; spikes_since,
--   spikes_until = from the first spike to the last; spike_minutes = minutes since 1970.
-- Columns: vendor, status, code; message = of the latest error.
SELECT vendor, status, code, argMax(message, time) AS message
FROM responses
WHERE kind = 'error' AND time >= {spikes_since:DateTime64(3, 'UTC')} AND time < {spikes_until:DateTime64(3, 'UTC')}
    AND intDiv(toUnixTimestamp64Milli(time), 60000) IN (SELECT arrayJoin({spike_minutes:Array(Int64)}))
    AND vendor IN {spike_vendors:Array(String)} AND code IN {spike_codes:Array(String)}
    AND (vendor, status, code) IN arrayZip({spike_vendors:Array(String)}, {spike_statuses:Array(UInt16)}, {spike_codes:Array(String)})
    -- include: part_callers
GROUP BY vendor, status, code
