-- +goose Up
-- +goose StatementBegin
-- An error's facts took more than half of what its row cost (docs/decisions/010-way.md). What errors of a kind have in
-- common goes into a dictionary, request ids become bytes, and the time of the log a number. Rows from before, and those
-- of an older ingester, have all of it in facts; so have rows whose block has too many kinds.
ALTER TABLE responses
    ADD COLUMN IF NOT EXISTS common_facts LowCardinality(String) CODEC(ZSTD(1)), -- JSON; '' = in facts
    ADD COLUMN IF NOT EXISTS ids String CODEC(ZSTD(1)), -- request_id and vendor_request_id as bytes; common_facts says how they read
    ADD COLUMN IF NOT EXISTS received DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)), -- log_time; 1970 = in facts
    MODIFY COLUMN log_time DateTime64(3, 'UTC') ALIAS if(received != toDateTime64(0, 3, 'UTC'), received, fromUnixTimestamp64Milli(JSONExtractInt(facts, 'log_time'), 'UTC')),
    MODIFY COLUMN title String ALIAS if(common_facts != '', JSONExtractString(common_facts, 'title'), JSONExtractString(facts, 'title')),
    MODIFY COLUMN message_template String ALIAS multiIf(
        JSONHas(common_facts, 'message_template'), JSONExtractString(common_facts, 'message_template'),
        common_facts = '' AND JSONHas(facts, 'message_template'), JSONExtractString(facts, 'message_template'),
        message),
    MODIFY COLUMN type String ALIAS if(common_facts != '', JSONExtractString(common_facts, 'type'), JSONExtractString(facts, 'type')),
    MODIFY COLUMN request_id String ALIAS if(JSONHas(common_facts, 'request_id'),
        concat(JSONExtractString(common_facts, 'request_id', 1), if(JSONHas(common_facts, 'request_id', 3),
            UUIDNumToString(toFixedString(substring(ids, 1, 16), 16)),
            lower(hex(substring(ids, 1, JSONExtractUInt(common_facts, 'request_id', 2)))))),
        JSONExtractString(facts, 'request_id')),
    MODIFY COLUMN vendor_request_id String ALIAS if(JSONHas(common_facts, 'vendor_request_id'),
        concat(JSONExtractString(common_facts, 'vendor_request_id', 1), if(JSONHas(common_facts, 'vendor_request_id', 3),
            UUIDNumToString(toFixedString(substring(ids, 1 + JSONExtractUInt(common_facts, 'request_id', 2), 16), 16)),
            lower(hex(substring(ids, 1 + JSONExtractUInt(common_facts, 'request_id', 2)))))),
        JSONExtractString(facts, 'vendor_request_id')),
    MODIFY COLUMN details Array(Tuple(field String, code String, message String)) ALIAS JSONExtract(if(common_facts != '', common_facts, facts), 'details', 'Array(Tuple(field String, code String, message String))'),
    MODIFY COLUMN format String ALIAS if(common_facts != '', JSONExtractString(common_facts, 'format'), JSONExtractString(facts, 'format')),
    MODIFY COLUMN redaction_version UInt16 ALIAS if(common_facts != '', JSONExtractUInt(common_facts, 'redaction_version'), JSONExtractUInt(facts, 'redaction_version')),
    -- An insert writes one file instead of a hundred; the first merge of some gives each column its own.
    MODIFY SETTING min_bytes_for_wide_part = 33554432
-- +goose StatementEnd

-- +goose Down
SELECT throwIf(true, 'rows have facts in the columns that 0008 added: it cannot be undone');
