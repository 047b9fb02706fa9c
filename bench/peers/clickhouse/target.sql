-- What somebody would keep of a response who has no errata: fifteen columns, no index.
CREATE TABLE {{.Database}}.responses
(
    vendor LowCardinality(String),
    service LowCardinality(String),
    environment LowCardinality(String),
    host LowCardinality(String),
    path String,
    method LowCardinality(String),
    status UInt16,
    code LowCardinality(String),
    type LowCardinality(String),
    message String,
    trace_id String,
    request_id String,
    time DateTime64(3, 'UTC'),
    retry_after UInt32, -- seconds
    duration_ms Float32
)
ENGINE = MergeTree
ORDER BY (vendor, code, time)
