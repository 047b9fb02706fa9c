-- The migration runner's own table, as it would create it itself. Created beforehand over the native
-- protocol, because the runner hides the server's answer when a right is missing.
CREATE TABLE IF NOT EXISTS schema_version
(
    version_id Int64,
    is_applied UInt8,
    date       Date DEFAULT now(),
    tstamp     DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY version_id
