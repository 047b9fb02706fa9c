-- +goose Up
-- +goose StatementBegin
-- How far each partition is ingested. Only the newest row of a partition counts. Merges drop the others
-- some time later, so a reader takes argMax(…, at) GROUP BY source, topic, partition.
CREATE TABLE IF NOT EXISTS watermarks
(
    source    LowCardinality(String),
    topic     LowCardinality(String),
    partition Int32,
    offset    Int64,                -- the next offset to ingest
    log_time  DateTime64(3, 'UTC'), -- broker timestamp of the last row; 1970 = none yet
    lag       Int64,                -- records between offset and the end of the partition
    closed    Bool,                 -- the ingester ended cleanly and owns the partition no more
    at        DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') -- when this was true, server time
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (source, topic, partition)
TTL toDateTime(at, 'UTC') + INTERVAL 30 DAY
-- +goose StatementEnd

-- +goose Down
DROP TABLE IF EXISTS watermarks;
