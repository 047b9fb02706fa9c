-- +goose Up
-- +goose StatementBegin
-- Offsets that will never have a row: [from, to) of one partition, lost to retention, to a re-created
-- topic or to a batch that cannot be read.
CREATE TABLE IF NOT EXISTS gaps
(
    source    LowCardinality(String),
    topic     LowCardinality(String),
    partition Int32,
    `from`    Int64,
    `to`      Int64,
    kind      LowCardinality(String),
    found_at  DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (source, topic, partition, `from`)
-- +goose StatementEnd

-- +goose Down
DROP TABLE IF EXISTS gaps;
