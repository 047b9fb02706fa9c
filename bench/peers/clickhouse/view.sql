-- The record is read once and its body once, each into a Tuple that covers what the five vendors send.
CREATE MATERIALIZED VIEW {{.Database}}.reader TO {{.Database}}.responses AS
WITH
    JSONExtract(raw, 'Tuple(
        time String, service LowCardinality(String), environment LowCardinality(String), method LowCardinality(String), url String, host String, path String,
        status UInt16, duration_ms Float32, trace_id String, request_id String, response_headers Tuple(`retry-after` String, `Retry-After` String), response_body String)') AS r,
    JSONExtract(r.response_body, 'Tuple(
        type String, title String, detail String, trace_id String, error Tuple(code String, message String), error_description String,
        error_code UInt32, error_token String, message String)') AS b
SELECT
    multiIf(
        endsWith(host, 'tru.id'), 'truid',
        endsWith(host, 'truv.com'), 'truv',
        endsWith(host, 'truelayer.com') OR endsWith(host, 'truelayer-sandbox.com'), 'truelayer',
        endsWith(host, 'telecomx.dk'), 'telecomx',
        endsWith(host, 'bics.com'), 'bics',
        endsWith(host, 'emnify.net'), 'emnify',
        'unknown') AS vendor,
    r.service AS service,
    r.environment AS environment,
    if(r.host = '', domain(r.url), r.host) AS host,
    if(r.path = '', pathFull(r.url), r.path) AS path,
    r.method AS method,
    r.status AS status,
    multiIf(
        b.error_code != 0, toString(b.error_code),
        b.error.code != '', b.error.code,
        b.type NOT IN ('', 'about:blank'), b.type,
        b.error_description != '', simpleJSONExtractString(r.response_body, 'error'), -- a text here, an object above
        b.title) AS code,
    if(b.error_token != '', b.error_token, b.type) AS type,
    multiIf(
        b.detail != '', b.detail,
        b.message != '', b.message,
        b.error.message != '', b.error.message,
        b.error_description != '', b.error_description,
        b.title) AS message,
    if(r.trace_id = '', b.trace_id, r.trace_id) AS trace_id,
    r.request_id AS request_id,
    parseDateTime64BestEffortOrZero(r.time, 3, 'UTC') AS time,
    if(r.status = 429, toUInt32OrZero(trim(BOTH '[]"' FROM concat(r.response_headers.`retry-after`, r.response_headers.`Retry-After`))), 0) AS retry_after,
    r.duration_ms AS duration_ms
FROM {{.Database}}.queue
