-- Question: which errors are good examples of each code?
-- Inputs: the filter; shown_statuses, shown_codes; examples = how many of each status and code.
-- Columns: time, vendor, host, method, route, status, code, message, trace_id, vendor_request_id, duration_ms.
-- Those with a trace id come first; a hash picks among them, so that they spread over the range and stay the same
-- when asked again.
SELECT
    time, vendor, host, method, route, status, code, message, trace_id, vendor_request_id, duration_ms
FROM responses
WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
    AND status IN {shown_statuses:Array(UInt16)} AND code IN {shown_codes:Array(String)}
ORDER BY trace = toFixedString('', 16), cityHash64(source, topic, partition, offset)
LIMIT {examples:UInt64} BY status, code
