-- +goose Up
-- +goose StatementBegin
-- The responses of every hour by the service and environment that asked, as the projection traffic has them by vendor: rates
-- under a filter by service or environment divide by them, without reading the successes. Parts from before this migration go
-- without; they are read as before.
ALTER TABLE responses
    ADD PROJECTION IF NOT EXISTS callers
    (
        SELECT kind, vendor, service, environment, dateTrunc('hour', time), count()
        GROUP BY kind, vendor, service, environment, dateTrunc('hour', time)
    )
-- +goose StatementEnd

-- +goose Down
ALTER TABLE responses DROP PROJECTION IF EXISTS callers;
