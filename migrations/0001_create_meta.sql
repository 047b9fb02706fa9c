-- +goose Up
-- +goose StatementBegin
-- Facts that every ingester must share, the key of the operation hash first of all. Rows are only ever
-- added; of several rows with one key the oldest holds (argMin over created_at, then value).
CREATE TABLE IF NOT EXISTS meta
(
    key        String,
    value      String,
    created_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY key
-- +goose StatementEnd

-- +goose Down
DROP TABLE IF EXISTS meta;
