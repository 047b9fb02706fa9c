-- Question: which responses came last?
-- Inputs: the filter; kind = error, success or dead_letter; limit.
-- Columns: every member of a row, newest first. details and rate_limit are JSON texts.
SELECT
    -- include: part_row
FROM responses
WHERE kind = {kind:String} AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
ORDER BY time DESC, source DESC, topic DESC, partition DESC, offset DESC
LIMIT {limit:UInt64}
