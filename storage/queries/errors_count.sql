-- Question: how many responses of one kind are there?
-- Inputs: the filter; kind.
-- Columns: count.
SELECT count() AS count
FROM responses
WHERE kind = {kind:String} AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
