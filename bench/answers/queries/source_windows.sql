-- Source: windows of a day in which one service was throttled: every second a 429 for three minutes.
-- Inputs: day_ms; first = number of the first row; events.
SELECT
    number AS n,
    n AS m,
    toUInt64(n - {first:UInt64}) AS i,
    intDiv(i, 180) AS window,
    true AS failed,
    11 AS part,
    n AS place,
    {day_ms:UInt64} + cityHash64({first:UInt64}, window) % 86000000 + i % 180 * 1000 + cityHash64(n, 6) % 300 AS at,
    toUInt8(window % 5) AS v,
    2 AS c,
    toUInt8(cityHash64(window, 4) % 20) AS s,
    toUInt8(cityHash64(n, 5) % 40) AS ro,
    cityHash64(m, 10) AS op,
    3 AS key,
    0 AS attempt_no,
    1000 * (60 - i % 60) AS wait
FROM numbers({first:UInt64}, {events:UInt64} * 180)
