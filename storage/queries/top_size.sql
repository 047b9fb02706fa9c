-- Question: about how many errors are there in [from, to), at most?
-- Inputs: the filter; of it only vendor, service and environment apply.
-- Columns: errors, of the hours that the range touches. They come from the projection hours.
SELECT count() AS errors
FROM responses
WHERE kind = 'error'
    AND dateTrunc('hour', time) >= dateTrunc('hour', {from:DateTime64(3, 'UTC')}) AND dateTrunc('hour', time) < {to:DateTime64(3, 'UTC')}
    AND vendor IN {vendors:Array(String)} -- if vendors
    AND service IN {services:Array(String)} -- if services
    AND environment IN {environments:Array(String)} -- if environments
