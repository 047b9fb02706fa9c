-- Question: which calls of one operation chain into runs of retries, and how was it called before?
-- Inputs: the filter; since, until = [from, to) and the margins around it; ordinary_since = how far
--   back ordinary calls count; min_attempts = of a run; gap_ms; max_operations; max_attempts.
-- Columns: one row an attempt, by operation and time: those of runs with at least min_attempts, and up
--   to 40 attempts before each such run. matches = the attempt passes status, code and category.
-- Three steps. Candidates: operations with strong keys that failed often enough. Chains: an attempt
--   continues a run when it starts less than the gap, or 1.25 x the Retry-After, after a failed one;
--   storm_runs.go decides the same again, here it only keeps the rest on the server. Earlier: what came
--   before a run tells a poller from a storm.
WITH candidates AS
(
    SELECT operation
    FROM responses
    WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
    GROUP BY operation
    HAVING count() + 1 >= {min_attempts:UInt64}
        AND max(method IN ('GET', 'HEAD', 'PUT', 'DELETE') OR operation_key != 'none' OR attempt > 1)
        AND max(1
            -- include: part_failures
        )
    ORDER BY count() DESC, operation
    LIMIT {max_operations:UInt64}
)
SELECT operation, at, started, failed, matches, retry_after_ms, hopeless, vendor, service, method, route, code
FROM
(
    SELECT
        *,
        min(if(chained, run_start, NULL)) OVER (PARTITION BY operation ORDER BY at, failed DESC ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_run,
        row_number() OVER (PARTITION BY operation ORDER BY at, failed DESC) AS position
    FROM
    (
        SELECT
            *,
            min(at) OVER (PARTITION BY operation, run) AS run_start,
            count() OVER (PARTITION BY operation, run) >= {min_attempts:UInt64}
                AND max(at) OVER (PARTITION BY operation, run) >= toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}) AS chained
        FROM
        (
            SELECT *, sum(starts) OVER (PARTITION BY operation ORDER BY at, failed DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
            FROM
            (
                SELECT
                    *,
                    NOT (lagInFrame(failed) OVER previous
                        AND started - lagInFrame(at) OVER previous < greatest({gap_ms:Int64}, lagInFrame(retry_after_ms + intDiv(retry_after_ms, 4)) OVER previous)) AS starts
                FROM
                (
                    SELECT
                        operation,
                        toUnixTimestamp64Milli(time) AS at,
                        at - toInt64(duration_ms) AS started,
                        toUInt8(kind = 'error') AS failed,
                        toUInt8(kind = 'error'
                            -- include: part_failures
                        ) AS matches,
                        toInt64(retry_after_ms) AS retry_after_ms,
                        toUInt8(retry = 'no') AS hopeless,
                        vendor, service, method, route, code
                    FROM responses
                    WHERE kind IN ('error', 'success')
                        AND time >= {ordinary_since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
                        -- include: part_callers
                        AND operation GLOBAL IN (candidates)
                )
                WINDOW previous AS (PARTITION BY operation ORDER BY at, failed DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
            )
        )
    )
)
WHERE chained OR next_run IS NOT NULL
ORDER BY operation, at DESC, failed
LIMIT 40 BY operation, if(chained, toInt64(position), -assumeNotNull(next_run))
LIMIT {max_attempts:UInt64}
