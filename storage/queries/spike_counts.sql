-- Question: how many errors of each kind were there, minute by minute?
-- Inputs: the filter; its status, code and category say which kinds are shown, and leave none out here: the
--   spikes beside them tell what belongs to one incident. since, until = what is read; busy_since,
--   busy_until, least = a kind is of interest when it has so many errors within five minutes by the clock; max_kinds.
-- Columns: source; vendor, status, code; matches = the kind passes status, code and category; minutes since
--   1970, in no order; counts.
WITH kinds AS
(
    SELECT vendor, status, code
    FROM
    (
        SELECT vendor, status, code, count() AS count
        FROM responses
        WHERE kind = 'error' AND time >= {busy_since:DateTime64(3, 'UTC')} AND time < {busy_until:DateTime64(3, 'UTC')}
            -- include: part_callers
        GROUP BY vendor, status, code, toStartOfFiveMinutes(time)
        HAVING count >= {least:UInt64}
    )
    GROUP BY vendor, status, code
    ORDER BY max(count) DESC, vendor, status, code
    LIMIT {max_kinds:UInt64}
)
SELECT source, vendor, status, code, max(passes) AS matches, groupArray(minute) AS minutes, groupArray(count) AS counts
FROM
(
    -- include: part_error_minutes
        AND (vendor, status, code) GLOBAL IN (SELECT vendor, status, code FROM kinds)
    GROUP BY source, vendor, status, code, minute
)
GROUP BY source, vendor, status, code
ORDER BY vendor, status, code, source
