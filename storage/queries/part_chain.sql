SELECT
    *,
    sum(starts) OVER (PARTITION BY operation ORDER BY at, failed DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
FROM
(
    SELECT
        *,
        NOT (lagInFrame(failed) OVER previous
            AND started - lagInFrame(at) OVER previous < greatest({gap_ms:Int64}, lagInFrame(wait + intDiv(wait, 4)) OVER previous)) AS starts
    FROM calls
    WINDOW previous AS (PARTITION BY operation ORDER BY at, failed DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
