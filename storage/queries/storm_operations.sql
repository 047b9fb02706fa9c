-- Question: which operations were tried again and again?
-- Inputs: the filter; since, until = [from, to) and the margins around it; min_attempts = of a run;
--   gap_ms; max_operations.
-- Columns: operation, vendor: those with a run of at least min_attempts.
-- Candidates are the operations with strong keys that failed often enough; of their calls only what
-- tells runs apart is read. An attempt continues a run when it starts less than the gap, or 1.25 x the
-- Retry-After, after a failed one.
WITH
    candidates AS
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
    ),
    calls AS
    (
        SELECT
            vendor,
            operation,
            toUnixTimestamp64Milli(time) AS at,
            at - toInt64(duration_ms) AS started,
            toUInt8(kind = 'error') AS failed,
            retry_after_ms AS wait
        FROM responses
        WHERE kind IN ('error', 'success')
            AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
            -- include: part_callers
            AND operation GLOBAL IN (candidates)
    )
SELECT DISTINCT operation, vendor
FROM
(
    SELECT operation, vendor, run
    FROM
    (
        -- include: part_chain
    )
    GROUP BY operation, vendor, run
    HAVING count() >= {min_attempts:UInt64}
)
