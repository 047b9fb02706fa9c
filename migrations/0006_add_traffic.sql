-- +goose Up
-- +goose StatementBegin
-- How many responses of each kind every vendor gave in every hour: what rates divide by, and what times the table holds, without
-- reading 95 successes for each 5 errors. It belongs to the part that its rows lie in: an insert, a merge, a deletion and the TTL
-- change both or neither. Parts from before this migration go without; they are read as before, until a merge gives it to them.
ALTER TABLE responses
    ADD PROJECTION IF NOT EXISTS traffic
    (
        SELECT kind, vendor, dateTrunc('hour', time), count(), min(time), max(time)
        GROUP BY kind, vendor, dateTrunc('hour', time)
    ),
    MODIFY SETTING lightweight_mutation_projection_mode = 'rebuild'
-- +goose StatementEnd

-- +goose Down
ALTER TABLE responses DROP PROJECTION IF EXISTS traffic;
