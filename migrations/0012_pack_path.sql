-- +goose Up
-- +goose StatementBegin
-- What an error stores that nothing compresses (docs/decisions/010-way.md): of its path what the route does not say, of the time
-- of its log the milliseconds since its own time. Rows from before have their path in whole_path, as have those whose path
-- does not fit their route, and the time of their log in received. Migration 0011 made room for the ALIAS path.
ALTER TABLE responses
    ADD COLUMN IF NOT EXISTS path_ids String CODEC(ZSTD(1)), -- the values of the route's placeholders (storage/paths.go); '' = in whole_path
    ADD COLUMN IF NOT EXISTS received_after Int32 CODEC(T64, LZ4), -- ms from time to log_time, plus 1 if not negative; 0 = in received or in facts
    ADD COLUMN IF NOT EXISTS path String ALIAS multiIf(
        path_ids = '', whole_path,
        position(route, '{') = 0 OR position(route, '}') < position(route, '{'), route,
        position(substring(route, position(route, '}') + 1), '{') = 0
            OR position(substring(route, position(route, '}') + 1), '}') < position(substring(route, position(route, '}') + 1), '{'),
        concat(
            substring(route, 1, position(route, '{') - 1),
            multiIf(
                length(path_ids) = 16, UUIDNumToString(toFixedString(substring(path_ids, 1, 16), 16)),
                path_ids >= '\xff', substring(path_ids, 2),
                path_ids >= '\xfe', lower(hex(substring(path_ids, 2))),
                path_ids >= '\xf0', lower(substring(hex(path_ids), 2)),
                lower(hex(path_ids))),
            substring(route, position(route, '}') + 1)),
        arrayStringConcat(arrayMap((piece, value) -> concat(piece, multiIf(
                length(value) = 16, UUIDNumToString(toFixedString(substring(value, 1, 16), 16)),
                value >= '\xff', substring(value, 2),
                value >= '\xfe', lower(hex(substring(value, 2))),
                value >= '\xf0', lower(substring(hex(value), 2)),
                lower(hex(value)))),
            [
                substring(route, 1, position(route, '{') - 1),
                substring(substring(route, position(route, '}') + 1), 1, position(substring(route, position(route, '}') + 1), '{') - 1),
                substring(substring(route, position(route, '}') + 1), position(substring(route, position(route, '}') + 1), '}') + 1)
            ],
            [
                substring(path_ids, 2, reinterpretAsUInt8(path_ids)),
                substring(path_ids, 2 + reinterpretAsUInt8(path_ids)),
                '\xff'
            ]))),
    MODIFY COLUMN log_time DateTime64(3, 'UTC') ALIAS multiIf(
        received_after != 0, fromUnixTimestamp64Milli(toUnixTimestamp64Milli(time) + received_after - (received_after > 0), 'UTC'),
        received != toDateTime64(0, 3, 'UTC'), received,
        fromUnixTimestamp64Milli(JSONExtractInt(facts, 'log_time'), 'UTC')),
    MODIFY COLUMN time DateTime64(3, 'UTC') CODEC(Delta, T64('bit'), LZ4),
    MODIFY COLUMN operation UInt64 CODEC(T64), -- 40 bits of a keyed hash; rows from before have 64
    MODIFY COLUMN message String CODEC(ZSTD(1)),
    MODIFY COLUMN fingerprint UInt64 CODEC(ZSTD(1)),
    MODIFY COLUMN status UInt16 CODEC(T64, ZSTD(1))
-- +goose StatementEnd

-- +goose Down
SELECT throwIf(true, 'rows have their paths in the columns that 0012 added: it cannot be undone');
