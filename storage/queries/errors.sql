-- Question: which responses came last?
-- Inputs: the filter; kind = error, success or dead_letter; limit.
-- Columns: every member of a row, newest first. details and rate_limit are JSON texts.
SELECT
    toString(kind), source, topic, partition, offset, block_date, log_time, checksum,
    time, vendor, service, environment, credential, method, host, route, path,
    operation, toString(operation_key), attempt, status, duration_ms,
    code, toString(category), toString(retry), toInt64(retry_after_ms), title, message, message_template, fingerprint, type,
    instance, trace_id, request_id, vendor_request_id,
    JSONExtractRaw(facts, 'details') AS details_json, JSONExtractRaw(facts, 'rate_limit') AS rate_limit_json,
    format, toString(parse), body, reason, redaction_version
FROM responses
WHERE kind = {kind:String} AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
ORDER BY time DESC, source DESC, topic DESC, partition DESC, offset DESC
LIMIT {limit:UInt64}
