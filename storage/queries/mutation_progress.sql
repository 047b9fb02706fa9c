-- Question: how far are the mutations whose text has these words?
-- Inputs: words.
-- Columns: newest = that is done, '' = none; parts = still to be rewritten; unfinished; failure.
SELECT
    -- Their number goes down, too: the server forgets old ones. Names count up, and get longer.
    maxIf((length(mutation_id), mutation_id), is_done).2 AS newest,
    toInt64(sum(parts_to_do)) AS parts,
    countIf(NOT is_done) AS unfinished,
    maxIf(latest_fail_reason, NOT is_done) AS failure
FROM system.mutations
WHERE database = currentDatabase() AND table = 'responses' AND position(command, {words:String}) > 0
