-- +goose Up
-- +goose StatementBegin
-- Rows whose contents were erased for privacy. A row stays in responses, blank, because a record has exactly
-- one row; it is remembered here so that nothing that reads the topic again brings its contents back.
CREATE TABLE IF NOT EXISTS erasures
(
    source    LowCardinality(String), -- without generation
    topic     LowCardinality(String),
    partition Int32,
    offset    Int64 CODEC(Delta, ZSTD(1)),
    erasure   String CODEC(ZSTD(1)), -- names the run of ingest erase; a row of meta says when it was
    erased_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (source, topic, partition, offset)
-- +goose StatementEnd

-- +goose Down
DROP TABLE IF EXISTS erasures;
