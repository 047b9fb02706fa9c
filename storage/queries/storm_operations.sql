-- Question: which operations may have been tried again and again?
-- Inputs: the filter; since, until = [from, to) and the margins around it; min_attempts = of a run;
--   gap_ms; max_operations, max_failures = of the candidates.
-- Columns: operation, vendor; candidates = how many there are without the two bounds.
-- Only failures are read, which are few. An attempt continues a chain when it starts less than the gap,
-- or 1.25 x the Retry-After, after the failure before it; successes in between can only make chains
-- shorter. What the bounds leave out belongs to the units with the fewest failures in chains.
WITH
    repeated AS
    (
        SELECT operation
        FROM responses
        WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
            -- include: part_callers
        GROUP BY operation
        HAVING count() + 1 >= {min_attempts:UInt64}
    ),
    chains AS
    (
        SELECT
            operation,
            any((vendor, service, method, route)) AS unit,
            arraySort(groupArray((
                toUnixTimestamp64Milli(time),
                toUnixTimestamp64Milli(time) - toInt64(duration_ms),
                greatest({gap_ms:Int64}, retry_after_ms + intDiv(retry_after_ms, 4))))) AS calls,
            arrayMap((call, before) -> call.2 - before.1 >= before.3, calls, arrayPushFront(arrayPopBack(calls), (0, 0, 0))) AS starts,
            arraySum(arrayFilter(length -> length + 1 >= {min_attempts:UInt64}, arrayMap(length, arraySplit((call, start) -> start, calls, starts)))) AS failures
        FROM responses
        WHERE kind = 'error' AND time >= {since:DateTime64(3, 'UTC')} AND time < {until:DateTime64(3, 'UTC')}
            -- include: part_callers
            AND operation GLOBAL IN (repeated)
            -- include: part_uncounted
        GROUP BY operation
        HAVING failures > 0
            AND (any(operation_key) != 'none' OR any(method) IN ('GET', 'HEAD', 'PUT', 'DELETE') OR max(attempt) > 1)
            AND max(1
                -- include: part_failures
            )
    )
SELECT operation, unit.1 AS vendor, candidates
FROM
(
    SELECT
        operation, unit, candidates,
        sum(failures) OVER largest AS running,
        row_number() OVER largest AS rank
    FROM
    (
        SELECT *, sum(failures) OVER (PARTITION BY unit) AS of_unit, count() OVER () AS candidates
        FROM chains
    )
    WINDOW largest AS (ORDER BY of_unit DESC, unit, failures DESC, operation ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE rank = 1 OR rank <= {max_operations:UInt64} AND running <= {max_failures:UInt64}
