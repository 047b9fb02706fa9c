-- Source: spikes of a day: one code of one vendor fails 60 times a minute for a quarter of an hour.
-- Inputs: day_ms; first = number of the first row; events.
SELECT
    number AS n,
    n AS m,
    toUInt64(n - {first:UInt64}) AS i,
    intDiv(i, 900) AS spike,
    true AS failed,
    12 AS part,
    n AS place,
    {day_ms:UInt64} + cityHash64({first:UInt64}, spike) % 85000000 + i % 900 * 1000 + cityHash64(n, 6) % 900 AS at,
    toUInt8(spike % 5) AS v,
    toUInt8([4, 7, 8, 10][cityHash64({first:UInt64}, spike, 3) % 4 + 1]) AS c,
    toUInt8(cityHash64(n, 4) % 20) AS s,
    toUInt8(cityHash64(n, 5) % 40) AS ro,
    cityHash64(m, 10) AS op,
    1 AS key,
    0 AS attempt_no,
    -1 AS wait
FROM numbers({first:UInt64}, {events:UInt64} * 900)
