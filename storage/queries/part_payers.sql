payers AS
(
    SELECT
        -- include: part_key
        p.1 AS payer, p.2 AS vendor, p.3 AS credential, p.4 AS service, p.5 AS method, p.6 AS route
    FROM
    (
        SELECT arrayJoin(arrayZip(
            range(length({payer_vendors:Array(String)})), {payer_vendors:Array(String)}, {payer_credentials:Array(String)},
            {payer_services:Array(String)}, {payer_methods:Array(String)}, {payer_routes:Array(String)})) AS p
    )
),
