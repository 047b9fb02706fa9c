-- What the roles of users.sql need besides on every server of a cluster (--cluster, docs/scaling.md). Apply it after users.sql,
-- each time: a GRANT there replaces all rights of its role.
--
-- Tables over all shards lie in errata_distributed; a question is sent on to errata on each shard, as the same user if the
-- cluster has a <secret>.
CREATE ROLE IF NOT EXISTS errata_cluster;
GRANT SELECT ON system.clusters TO errata_cluster;
GRANT errata_cluster TO errata_migrate, errata_ingest, errata_query, errata_operate;

-- CREATE OR REPLACE TABLE wants INSERT as well.
GRANT
    CREATE DATABASE ON errata_distributed.*,
    CREATE TABLE, DROP TABLE, INSERT ON errata_distributed.*,
    SELECT ON errata_distributed.*,
    TABLE ENGINE ON Distributed,
    TABLE ENGINE ON ReplicatedMergeTree,
    TABLE ENGINE ON ReplicatedReplacingMergeTree,
    REMOTE ON *.*
TO errata_migrate;

GRANT
    SELECT ON errata_distributed.responses,
    SELECT ON errata_distributed.gaps,
    SELECT ON errata_distributed.watermarks
TO errata_query;

GRANT SELECT ON errata_distributed.* TO errata_operate;
