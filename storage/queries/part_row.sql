toString(kind), source, topic, partition, offset, block_date, log_time, checksum,
time, vendor, service, environment, credential, method, host, route, path,
operation, toString(operation_key), attempt, status, duration_ms,
code, toString(category), toString(retry), toInt64(retry_after_ms), title, message, message_template, fingerprint, type,
instance, trace_id, request_id, vendor_request_id,
JSONExtractRaw(if(common_facts != '', common_facts, facts), 'details') AS details_json, JSONExtractRaw(facts, 'rate_limit') AS rate_limit_json,
format, toString(parse), body, reason, redaction_version
