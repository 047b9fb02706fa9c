-- Question: which projections of the table do older rows not have?
-- Inputs: none.
-- Columns: projection; parts without it; rows in these.
WITH made AS
(
    SELECT parent_name, name
    FROM system.projection_parts
    WHERE database = currentDatabase() AND table = 'responses' AND active
)
SELECT
    projection,
    count() AS parts,
    sum(p.rows) AS rows
FROM system.parts AS p
CROSS JOIN
(
    SELECT arrayJoin(extractAll(create_table_query, 'PROJECTION (\\w+)')) AS projection
    FROM system.tables
    WHERE database = currentDatabase() AND name = 'responses'
) AS defined
WHERE p.database = currentDatabase() AND p.table = 'responses' AND p.active AND p.rows > 0 AND (p.name, projection) NOT IN (made)
GROUP BY projection
ORDER BY projection
