-- Question: how long does the table keep rows?
-- Inputs: none.
-- Columns: successes, errors = days counted from block_date, 0 = for ever; foreign = the table has a TTL that is not
--   of errata's form.
WITH
    (
        SELECT any(create_table_query)
        FROM system.tables
        WHERE database = currentDatabase() AND name = 'responses'
    ) AS definition,
    extractAllGroupsVertical(definition, 'block_date \\+ toIntervalDay\\((\\d+)\\)(?: DELETE)?( WHERE kind = ''success'')?') AS rules
SELECT
    arraySum(arrayMap(r -> toUInt32OrZero(r[1]), arrayFilter(r -> r[2] != '', rules))) AS successes,
    arraySum(arrayMap(r -> toUInt32OrZero(r[1]), arrayFilter(r -> r[2] = '', rules))) AS errors,
    length(rules) = 0 AND position(definition, '\nTTL ') + position(definition, ' TTL ') > 0 AS foreign
