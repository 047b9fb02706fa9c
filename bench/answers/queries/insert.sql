-- Adds rows to the table as the ingester would have, on the day that their block was granted. Everything that
-- does not come from the source, one of the source_*.sql, derives from n, so that every run adds the same rows.
-- Of the source: n = the row's number; m = the number that its call derives from; part, place = partition and
-- offset; at = time in ms; failed; v, c, s, ro = vendor, code, service, route by number; op, key = operation;
-- attempt_no; wait = Retry-After in ms, -1 = none.
INSERT INTO responses (kind, vendor, code, source, topic, partition, offset, checksum, time, service, environment, credential, method, host, route,
    path_ids, operation, operation_key, attempt, status, duration_ms, category, retry, retry_after_ms, message, fingerprint, parse, trace, facts, common_facts, ids, received_after, granted, deadline)
WITH
    ['provider_timeout','invalid_request','rate_limit_exceeded','unauthorized','provider_error','consent_expired','account_not_found','internal_server_error','service_unavailable','validation_error','access_denied','conflict_state'] AS codes,
    [504,400,429,401,502,403,404,500,503,422,403,409] AS statuses,
    [11,3,9,1,12,2,4,13,13,3,2,5] AS categories,
    [1,2,3,2,1,2,2,4,1,2,2,2] AS retries,
    ['Provider timeout','Invalid request','Rate limit exceeded','Unauthorized','Provider error','Consent expired','Not found','Internal error','Unavailable','Validation error','Access denied','Conflict'] AS titles,
    ['The provider did not respond in time','The request is invalid: field {f} is malformed','Too many requests, retry later','The access token is missing or has expired','The provider returned an error','The consent expired on 2026-03-{d}','Account {a} was not found','An unexpected error occurred on the server','The service is temporarily unavailable','Validation of the request body failed for {f}','Access to the resource was denied','The resource is in state {f}, expected active'] AS texts,
    cityHash64(n, 6) AS r6,
    cityHash64(n, 5) AS r5,
    lower(hex(reinterpretAsFixedString(cityHash64(m, 7)))) AS h1,
    lower(hex(reinterpretAsFixedString(cityHash64(m, 8)))) AS h2,
    concat(substring(h1, 1, 8), '-', substring(h1, 9, 4), '-4', substring(h1, 14, 3), '-a', substring(h2, 2, 3), '-', substring(h2, 5, 12)) AS uuid,
    toString(cityHash64(m, 5) % 100000000) AS number,
    failed AND r5 % 10 < 3 AS has_request_id,
    failed AND v = 0 AS has_vendor_request_id,
    failed AND c = 11 AND r6 % 2 = 0 AS nameless, -- an error without a code: its template tells it apart
    replaceAll(replaceAll(replaceAll(texts[c + 1], '{f}', ['currency','amount','beneficiary.name','date','iban','reference'][r6 % 6 + 1]), '{a}', toString(r6 % 1000000)), '{d}', leftPad(toString(r6 % 28 + 1), 2, '0')) AS text
SELECT
    CAST(if(failed, 2, 1) AS Enum8('success' = 1, 'error' = 2, 'dead_letter' = 3)) AS kind,
    ['truelayer','truv','telecomx','bics','truid'][v + 1] AS vendor,
    if(failed AND NOT nameless, concat(['','truv_','','1','truid/'][v + 1], codes[c + 1]), '') AS code,
    'Kafka-cluster-MkU3OEVBNTcwNTJENDM2Qg' AS source,
    'api-responses' AS topic,
    toInt32(part) AS partition,
    toInt64(place) AS offset,
    toUInt32(cityHash64(n, 9)) AS checksum,
    fromUnixTimestamp64Milli(toInt64(at), 'UTC') AS time,
    concat(['payments','ledger','onboarding','kyc','cards','sim','billing','identity','reports','gateway'][s % 10 + 1], ['-api','-worker'][intDiv(s, 10) + 1]) AS service,
    if(cityHash64(m, 4) % 100 < 85, 'production', 'sandbox') AS environment,
    concat(vendor, '-key-', toString(s % 3 + 1)) AS credential,
    ['GET','GET','GET','POST','POST','PATCH'][ro % 6 + 1] AS method,
    ['api.truelayer.com','prod.truv.com','api.telecomx.dk','api.bics.com','eu.api.tru.id'][v + 1] AS host,
    concat(['/data/v1','/v1','/api/v2','/api/v1','/phone/v0.2'][v + 1], '/', ['accounts','users','subscriptions','endpoints','checks','orders','payments','links'][ro % 8 + 1], ['/{id}','/{id}/balance','/{id}/transactions','','/{id}/events'][intDiv(ro, 8) + 1]) AS route,
    multiIf(NOT failed, '', position(route, '{') = 0, '\xff', cityHash64(m, 5) % 2 = 0, unhex(replaceAll(uuid, '-', '')), unhex(concat(if(length(number) % 2 = 1, 'f', ''), number))) AS path_ids,
    bitShiftRight(op, 24) AS operation,
    toUInt8(key) AS operation_key,
    toUInt16(attempt_no) AS attempt,
    toUInt16(if(failed, statuses[c + 1], if(method = 'POST', 201, 200))) AS status,
    toFloat32(round(if(c = 0 AND failed, 30000, exp(4.5 + 0.8 * ((r5 % 1009 + r6 % 1009 + checksum % 1009 + n % 1009) / 1009. - 2.))), 1)) AS duration_ms,
    toUInt8(if(failed, categories[c + 1], 0)) AS category,
    toUInt8(if(failed, retries[c + 1], 0)) AS retry,
    toInt32(wait) AS retry_after_ms,
    if(failed, text, '') AS message,
    if(failed, cityHash64(vendor, code, c, if(c IN (1, 9, 11), r6 % 6, 0)), 0) AS fingerprint,
    toUInt8(if(failed, if(r5 % 50 = 0, 2, 1), 0)) AS parse,
    if(failed AND cityHash64(m, 3) % 2 = 0, unhex(concat(h2, h1)), unhex('00000000000000000000000000000000')) AS trace,
    multiIf(
        failed AND c = 2, concat('{"rate_limit":{"limit":300,"remaining":0,"reset_at":', toString(at + r6 % 60000), ',"window_s":60}}'),
        NOT failed AND r6 % 200 = 0, concat('{"rate_limit":{"limit":300,"remaining":', toString(r6 % 30), ',"reset_at":', toString(at + r6 % 60000), ',"window_s":60}}'),
        '') AS facts,
    if(failed, concat('{"title":"', titles[c + 1], '"',
        if(text != texts[c + 1], concat(',"message_template":"', replaceRegexpAll(texts[c + 1], '\\{.\\}', '<n>'), '"'), ''),
        if(v = 0, concat(',"type":"https://docs.truelayer.com/docs/error-types#', codes[c + 1], '"'), ''),
        if(c = 9, concat(',"details":[{"field":"', ['currency','amount','beneficiary.name'][r6 % 3 + 1], '","message":"is required"}]'), ''),
        ',"format":"', ['problem+json','truv.error','telecomx.error','bics.error','problem+json'][v + 1], '","redaction_version":1',
        if(has_request_id, ',"request_id":["",16,1]', ''),
        if(has_vendor_request_id, ',"vendor_request_id":["",16]', ''), '}'), '') AS common_facts,
    concat(if(has_request_id, unhex(replaceAll(uuid, '-', '')), ''), if(has_vendor_request_id, unhex(concat(h1, h2)), '')) AS ids,
    if(failed, 1 + 5 + toInt32(r6 % 200), 0) AS received_after,
    {day:Date} AS granted,
    now() + 3600 AS deadline
FROM
(
    -- source
)
SETTINGS async_insert = 0, max_insert_threads = 1, min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0
