-- Question: about how many errors has the table in [from, to), whatever the filter?
-- Inputs: from, to.
-- Columns: errors, of the hours that the range touches. They come from the projection traffic.
SELECT count() AS errors
FROM responses
WHERE kind = 'error'
    AND dateTrunc('hour', time) >= dateTrunc('hour', {from:DateTime64(3, 'UTC')}) AND dateTrunc('hour', time) < {to:DateTime64(3, 'UTC')}
