-- +goose Up
-- +goose StatementBegin
-- What `query alert run` has told, so that a restarted instance and a second one do not tell it again. An
-- instance claims a change, sends, and says so; a claim without a "sent" after it lapses.
CREATE TABLE IF NOT EXISTS notifications
(
    target LowCardinality(String), -- hash of the URL, which can be a secret
    alert  String,                 -- hash of the alert's labels
    status Enum8('firing' = 1, 'resolved' = 2),
    step   Enum8('claim' = 1, 'sent' = 2),
    owner  String,                 -- the instance
    at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (target, alert, at)
TTL toDateTime(at, 'UTC') + INTERVAL 90 DAY
-- +goose StatementEnd

-- +goose Down
DROP TABLE IF EXISTS notifications;
