-- Question: what did the last body of each shape say?
-- Inputs: the filter; shown_vendors; last_times = the instants of those bodies.
-- Columns: the shape, as in vendors_shapes; time; message_template; example = the body's excerpt, else the message.
SELECT
    vendor, host, status, toString(parse) AS parsed, format AS body_format,
    if(parse = 'unparsed', fingerprint, 0) AS kind_of_message,
    time, message_template, if(body != '', body, message) AS example
FROM responses
WHERE kind = 'error' AND parse IN ('generic', 'unparsed') AND status != 0 AND time IN {last_times:Array(DateTime64(3, 'UTC'))}
    AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
    AND vendor IN {shown_vendors:Array(String)}
ORDER BY source, topic, partition, offset
LIMIT 1 BY vendor, host, status, parsed, body_format, kind_of_message, time
