-- Question: how many errors of one kind were there for each of the vendor's successes, now and in an ordinary hour before?
-- Inputs: the filter without status, code and category; status, code = the kind; since = where the hours before begin.
-- Columns: errors, successes of [from, to); hours = those between since and from in which the vendor answered;
--   usual = the median of their errors per success, weighted by successes: no event of some hours moves it, nor do
--   nights with little traffic.
SELECT
    sumIf(failed, now) AS errors,
    sumIf(succeeded, now) AS successes,
    countIf(NOT now AND succeeded > 0) AS hours,
    ifNotFinite(quantileExactWeightedIf(0.5)(failed / succeeded, succeeded, NOT now AND succeeded > 0), 0) AS usual
FROM
(
    SELECT
        time >= {from:DateTime64(3, 'UTC')} AS now,
        if(now, 0, intDiv(toUnixTimestamp(time), 3600)) AS hour,
        countIf(kind = 'error' AND status = {kind_status:UInt16} AND code = {kind_code:String}) AS failed,
        countIf(kind = 'success') AS succeeded
    FROM responses
    WHERE kind IN ('error', 'success') AND time >= {since:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
        -- include: part_callers
    GROUP BY now, hour
)
