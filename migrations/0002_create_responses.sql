-- +goose Up
-- +goose StatementBegin
-- One Kafka record is one row. Sorting key, partition key, guard and codecs: docs/decisions/001-table.md.
CREATE TABLE IF NOT EXISTS responses
(
    kind           Enum8('success' = 1, 'error' = 2, 'dead_letter' = 3),
    vendor         LowCardinality(String),
    code           LowCardinality(String),

    -- The row key: where the record lies.
    source         LowCardinality(String),
    topic          LowCardinality(String),
    partition      Int32 CODEC(ZSTD(1)),
    offset         Int64 CODEC(Delta, ZSTD(1)),

    -- The delivery guard. Every INSERT states the day and the deadline of its grant and leaves out
    -- block_date: a write that arrives after the deadline is rejected by the table itself.
    granted        Date EPHEMERAL,
    deadline       DateTime('UTC') EPHEMERAL,
    block_date     Date DEFAULT granted + throwIf(deadline <= nowInBlock(), 'stale write: the grant of this insert has expired'),

    checksum       UInt32 CODEC(NONE), -- CRC-32C of the record's value
    time           DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    service        LowCardinality(String) CODEC(ZSTD(1)),
    environment    LowCardinality(String) CODEC(ZSTD(1)),
    credential     LowCardinality(String) CODEC(ZSTD(1)),
    method         LowCardinality(String) CODEC(ZSTD(1)),
    host           LowCardinality(String),
    route          LowCardinality(String) CODEC(ZSTD(1)),
    path           String CODEC(ZSTD(1)),
    operation      UInt64,
    operation_key  Enum8('none' = 0, 'idempotency' = 1, 'trace' = 2, 'path' = 3) CODEC(ZSTD(1)),
    attempt        UInt16 CODEC(ZSTD(1)), -- 0 = not stated
    status         UInt16 CODEC(T64, LZ4), -- 0 = no response
    duration_ms    Float32 CODEC(ZSTD(1)), -- 0 = not stated
    category       Enum8('' = 0, 'auth' = 1, 'permission' = 2, 'validation' = 3, 'not_found' = 4, 'conflict' = 5, 'gone' = 6, 'precondition' = 7, 'payment' = 8, 'rate_limit' = 9, 'unsupported' = 10, 'timeout' = 11, 'upstream' = 12, 'server' = 13, 'network' = 14, 'other' = 15),
    retry          Enum8('' = 0, 'yes' = 1, 'no' = 2, 'after' = 3, 'unknown' = 4),
    retry_after_ms Int32, -- -1 = not stated
    message        String,
    fingerprint    UInt64,
    parse          Enum8('' = 0, 'vendor' = 1, 'generic' = 2, 'unparsed' = 3),
    trace          FixedString(16) CODEC(ZSTD(1)), -- a lower-case 32-hex trace id as bytes; any other form is in facts
    facts          String CODEC(ZSTD(1)), -- compact JSON of what nobody filters by; '' when there is nothing to say

    endpoint           String ALIAS trimBoth(concat(method, ' ', route)),
    trace_id           String ALIAS if(trace != toFixedString('', 16), lower(hex(trace)), JSONExtractString(facts, 'trace_id')),
    log_time           DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(JSONExtractInt(facts, 'log_time'), 'UTC'),
    title              String ALIAS JSONExtractString(facts, 'title'),
    message_template   String ALIAS if(JSONHas(facts, 'message_template'), JSONExtractString(facts, 'message_template'), message),
    type               String ALIAS JSONExtractString(facts, 'type'),
    instance           String ALIAS JSONExtractString(facts, 'instance'),
    request_id         String ALIAS JSONExtractString(facts, 'request_id'),
    vendor_request_id  String ALIAS JSONExtractString(facts, 'vendor_request_id'),
    details            Array(Tuple(field String, code String, message String)) ALIAS JSONExtract(facts, 'details', 'Array(Tuple(field String, code String, message String))'),
    rate_limit         Tuple(limit Nullable(Int64), remaining Nullable(Int64), reset_at Nullable(Int64), window_s Nullable(Int64), policy String) ALIAS JSONExtract(facts, 'rate_limit', 'Tuple(limit Nullable(Int64), remaining Nullable(Int64), reset_at Nullable(Int64), window_s Nullable(Int64), policy String)'),
    format             String ALIAS JSONExtractString(facts, 'format'),
    body               String ALIAS JSONExtractString(facts, 'body'),
    reason             String ALIAS JSONExtractString(facts, 'reason'),
    redaction_version  UInt16 ALIAS JSONExtractUInt(facts, 'redaction_version'),

    INDEX position_minmax (partition, offset) TYPE minmax GRANULARITY 1,
    INDEX time_minmax time TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY block_date
ORDER BY (kind, vendor, code, partition, offset)
TTL block_date + INTERVAL 14 DAY DELETE WHERE kind = 'success',
    block_date + INTERVAL 180 DAY DELETE
SETTINGS non_replicated_deduplication_window = 0
-- +goose StatementEnd

-- +goose Down
DROP TABLE IF EXISTS responses;
