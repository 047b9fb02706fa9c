-- Question: how many errors of each kind were there, hour by hour and minute by minute?
-- Inputs: the filter, as in spike_counts; since, until = what is read, whole hours;
--   max_rows = of the result: it is cut there, and whoever asks has to see that.
-- Columns: hour (since 1970); source; vendor, status, code; matches; minutes since 1970, in no order; counts.
-- It is spike_counts for whoever keeps the hours that are over: which kinds matter is decided when they are put together.
SELECT intDiv(minute, 60) AS hour, source, vendor, status, code, max(passes) AS matches, groupArray(minute) AS minutes, groupArray(count) AS counts
FROM
(
    -- include: part_error_minutes
    GROUP BY source, vendor, status, code, minute
)
GROUP BY hour, source, vendor, status, code
LIMIT {max_rows:UInt64}
