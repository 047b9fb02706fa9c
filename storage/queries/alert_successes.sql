-- Question: how many successes were there in [from, to)?
-- Inputs: the filter; its status, code and category do not apply.
-- Columns: count.
SELECT count() AS count
FROM responses
WHERE kind = 'success' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
