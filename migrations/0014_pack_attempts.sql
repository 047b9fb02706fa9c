-- +goose Up
-- +goose StatementBegin
-- Of two columns a bit a row is left: 0.12 bytes of an error, 0.14 of a success.
ALTER TABLE responses
    MODIFY COLUMN IF EXISTS operation_key Enum8('none' = 0, 'idempotency' = 1, 'trace' = 2, 'path' = 3) CODEC(T64('bit'), ZSTD(1)),
    MODIFY COLUMN IF EXISTS attempt UInt16 CODEC(T64('bit'), ZSTD(1)) -- 0 = not stated
-- +goose StatementEnd

-- +goose Down
SELECT 1;
