-- Question: how far is the mutation of an erasure?
-- Inputs: erasure.
-- Columns: mutations; parts = still to be rewritten; unfinished; failure.
SELECT
    count() AS mutations,
    toInt64(sum(parts_to_do)) AS parts,
    countIf(NOT is_done) AS unfinished,
    max(latest_fail_reason) AS failure
FROM system.mutations
WHERE database = currentDatabase() AND table = 'responses' AND position(command, {erasure:String}) > 0
