-- Question: how far are the mutations whose text has these words?
-- Inputs: words.
-- Columns: mutations; parts = still to be rewritten; unfinished; failure.
SELECT
    count() AS mutations,
    toInt64(sum(parts_to_do)) AS parts,
    countIf(NOT is_done) AS unfinished,
    maxIf(latest_fail_reason, NOT is_done) AS failure
FROM system.mutations
WHERE database = currentDatabase() AND table = 'responses' AND position(command, {words:String}) > 0
