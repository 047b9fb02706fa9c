-- Question: which calls of the operations form runs of retries, and how are they ordinarily called?
-- Inputs: the filter; operations and operation_vendors, from storm_operations.sql; since, until;
--   ordinary_since = how far back ordinary calls count; min_attempts; gap_ms; max_attempts.
-- Columns: one row an attempt: those of runs with at least min_attempts, and up to 120 attempts before
--   each such run and 40 after it, which tell a poller from a storm. at, started = Unix milliseconds of
--   response and request; failed; matches = passes status, code and category; wait = Retry-After in ms, -1 = none;
--   hopeless = the error says not to retry; status; vendor, service, method, route, code; called_since = the
--   operation's first attempt since ordinary_since, returned or not.
-- storm_runs.go decides again what is a run; here everything else is kept on the server.
WITH calls AS
(
    SELECT
        -- include: part_attempt
        vendor, service, method, route, code
    FROM responses
    PREWHERE operation IN {operations:Array(UInt64)}
    WHERE kind IN ('error', 'success')
        AND time >= {ordinary_since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
        -- include: part_callers
        AND vendor IN {operation_vendors:Array(String)}
        -- include: part_uncounted
)
SELECT operation, at, started, failed, matches, wait, hopeless, status, vendor, service, method, route, code, called_since
FROM
(
    -- Frames that only grow: where the next attempt of a run is, and the last one.
    SELECT
        *,
        min(if(chained, position, NULL)) OVER (PARTITION BY operation ORDER BY position DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS next_run,
        max(if(chained, position, NULL)) OVER (PARTITION BY operation ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_run
    FROM
    (
        SELECT
            *,
            row_number() OVER (PARTITION BY operation ORDER BY at, failed DESC) AS position,
            min(at) OVER (PARTITION BY operation) AS called_since,
            count() OVER (PARTITION BY operation, run) >= {min_attempts:UInt64}
                AND max(at) OVER (PARTITION BY operation, run) >= toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}) AS chained
        FROM
        (
            -- include: part_chain
        )
    )
)
WHERE next_run <= position + 120 OR last_run + 40 >= position
ORDER BY operation, at, failed DESC
LIMIT {max_attempts:UInt64}
