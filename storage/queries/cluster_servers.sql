-- Question: which servers does a cluster consist of, as the server that is asked was told?
-- Inputs: cluster.
-- Columns: shard, replica = numbers from 1; host, port of the native protocol.
SELECT shard_num AS shard, replica_num AS replica, host_name AS host, port
FROM system.clusters
WHERE cluster = {cluster:String}
ORDER BY shard, replica
