-- The users of a ClickHouse that serves errata, each with what its commands need and no more.
--
-- Filled in and applied by:  deploy/clickhouse/users | clickhouse-client --host … --user …
-- Running it again does no harm: each GRANT states all rights of its role and replaces what was there before. It never takes
-- a right away for a moment, so ingesters may run. internal/e2e/secure_users_test.go tests every right that is here and the
-- most important ones that are not; docs/security.md explains them.

-- Limits. An ingester's are wide, since an INSERT that is cut short has to be resolved; but it can never switch on asynchronous
-- inserts, which are acknowledged before they are written.
CREATE SETTINGS PROFILE OR REPLACE errata_ingest SETTINGS
    async_insert = 0 CONST,
    receive_timeout = 10 MIN 1 MAX 60,
    max_memory_usage = 4000000000 CONST,
    max_concurrent_queries_for_user = 64 CONST;

-- readonly = 1: no other setting can be changed either. readonly = 2 would allow url() and file().
CREATE SETTINGS PROFILE OR REPLACE errata_query SETTINGS
    readonly = 1 CONST,
    max_execution_time = 60 CONST,
    max_memory_usage = 2000000000 CONST,
    max_rows_to_read = 20000000000 CONST,
    max_result_rows = 10000000 CONST,
    max_concurrent_queries_for_user = 16 CONST;

CREATE SETTINGS PROFILE OR REPLACE errata_operate SETTINGS
    async_insert = 0 CONST,
    max_memory_usage = 4000000000 CONST,
    max_concurrent_queries_for_user = 16 CONST;

CREATE SETTINGS PROFILE OR REPLACE errata_migrate SETTINGS
    async_insert = 0 CONST,
    max_memory_usage = 2000000000 CONST,
    max_concurrent_queries_for_user = 4 CONST;

CREATE ROLE IF NOT EXISTS errata_migrate;
CREATE ROLE IF NOT EXISTS errata_ingest;
CREATE ROLE IF NOT EXISTS errata_query;
CREATE ROLE IF NOT EXISTS errata_operate;
CREATE ROLE IF NOT EXISTS errata_disk;
CREATE ROLE IF NOT EXISTS errata_alert;

-- `ingest migrate`, with its retention flags. It can drop no table and delete no row.
GRANT
    CREATE DATABASE ON errata.*,
    CREATE TABLE ON errata.*,
    ALTER COLUMN, ALTER INDEX, ALTER ADD PROJECTION, ALTER DROP PROJECTION, ALTER MATERIALIZE PROJECTION, ALTER SETTINGS, ALTER TTL ON errata.*,
    SELECT ON errata.*,
    INSERT ON errata.meta,
    INSERT ON errata.schema_version,
    TABLE ENGINE ON MergeTree,
    TABLE ENGINE ON ReplacingMergeTree,
    SELECT ON system.merge_tree_settings,
    SELECT(database, table, name, active, rows) ON system.parts,
    SELECT(database, table, name, parent_name, active) ON system.projection_parts,
    SELECT ON system.mutations
TO errata_migrate WITH REPLACE OPTION;

-- `ingest run` and `ingest load`. Of the rows it reads back only where they lie, never what they say.
GRANT
    INSERT ON errata.responses,
    INSERT ON errata.gaps,
    INSERT ON errata.watermarks,
    SELECT(source, topic, partition, offset, checksum, block_date) ON errata.responses,
    SELECT ON errata.gaps,
    SELECT ON errata.watermarks,
    SELECT ON errata.erasures,
    SELECT ON errata.meta,
    SELECT ON errata.schema_version,
    SELECT(query_id, query_kind) ON system.processes
TO errata_ingest WITH REPLACE OPTION;

-- `ingest run --max-disk` besides: GRANT errata_disk TO errata_writer. ALTER DELETE is what dropping a partition takes.
GRANT
    ALTER DELETE ON errata.responses,
    INSERT ON errata.meta,
    SELECT(database, table, partition, active, rows, bytes_on_disk) ON system.parts
TO errata_disk WITH REPLACE OPTION;

-- `query …`. Not meta: it holds the key of the operation hash.
GRANT
    SELECT ON errata.responses,
    SELECT ON errata.gaps,
    SELECT ON errata.watermarks,
    SELECT ON errata.schema_version
TO errata_query WITH REPLACE OPTION;

-- `query alert run` with webhooks, besides errata_query: it writes down whom it has told. errata_reader cannot have it, since
-- readonly = 1 refuses every INSERT: make the user errata_alerter as errata_operator is made below, and GRANT it errata_query and
-- errata_alert instead (docs/security.md has the statements).
GRANT
    SELECT ON errata.notifications,
    INSERT ON errata.notifications
TO errata_alert WITH REPLACE OPTION;

-- `ingest verify`, `lag`, `repair`, `replay` and `erase`, run by a person. `erase --where` may ask about any column.
GRANT
    SELECT ON errata.*,
    INSERT ON errata.responses,
    INSERT ON errata.gaps,
    INSERT ON errata.watermarks,
    INSERT ON errata.erasures,
    INSERT ON errata.meta,
    ALTER DELETE ON errata.responses,
    ALTER UPDATE ON errata.responses,
    SELECT(query_id, query_kind) ON system.processes,
    SELECT ON system.mutations,
    SELECT ON system.parts
TO errata_operate WITH REPLACE OPTION;

-- The passwords are replaced by their hashes. HOST ANY is for a private network: name your hosts where the server is
-- reached from elsewhere.
CREATE USER IF NOT EXISTS errata_migrator IDENTIFIED WITH sha256_hash BY '$ERRATA_MIGRATOR_SHA256' HOST NONE;
ALTER USER errata_migrator IDENTIFIED WITH sha256_hash BY '$ERRATA_MIGRATOR_SHA256' HOST ANY SETTINGS PROFILE 'errata_migrate';
GRANT errata_migrate TO errata_migrator;

CREATE USER IF NOT EXISTS errata_writer IDENTIFIED WITH sha256_hash BY '$ERRATA_WRITER_SHA256' HOST NONE;
ALTER USER errata_writer IDENTIFIED WITH sha256_hash BY '$ERRATA_WRITER_SHA256' HOST ANY SETTINGS PROFILE 'errata_ingest';
GRANT errata_ingest TO errata_writer;

CREATE USER IF NOT EXISTS errata_reader IDENTIFIED WITH sha256_hash BY '$ERRATA_READER_SHA256' HOST NONE;
ALTER USER errata_reader IDENTIFIED WITH sha256_hash BY '$ERRATA_READER_SHA256' HOST ANY SETTINGS PROFILE 'errata_query';
GRANT errata_query TO errata_reader;

CREATE USER IF NOT EXISTS errata_operator IDENTIFIED WITH sha256_hash BY '$ERRATA_OPERATOR_SHA256' HOST NONE;
ALTER USER errata_operator IDENTIFIED WITH sha256_hash BY '$ERRATA_OPERATOR_SHA256' HOST ANY SETTINGS PROFILE 'errata_operate';
GRANT errata_operate TO errata_operator;

-- One user's queries cannot take the server for themselves for hours on end.
CREATE QUOTA OR REPLACE errata_query FOR INTERVAL 1 hour MAX queries = 20000, execution_time = 7200 TO errata_reader;
