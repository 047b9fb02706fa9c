-- Source: retry storms of a day: 30 operations each, 15 attempts, the pauses half as long again each time; of every
-- other operation the last attempt succeeds.
-- Inputs: day_ms; first = number of the first row; events.
SELECT
    number AS n,
    toUInt64(n - {first:UInt64}) AS i,
    intDiv(i, 450) AS storm,
    intDiv(i % 450, 15) AS call,
    i % 15 AS tried,
    {first:UInt64} + storm * 450 + call AS m,
    tried < 14 OR call % 2 = 0 AS failed,
    10 AS part,
    n AS place,
    {day_ms:UInt64} + 60000 + cityHash64({first:UInt64}, storm) % 86000000 + call * 150 + toUInt64(400 * (pow(1.5, tried) - 1)) AS at,
    toUInt8(storm % 5) AS v,
    toUInt8(if(tried < 8, 0, 4)) AS c,
    toUInt8(cityHash64(storm, 4) % 20) AS s,
    toUInt8(cityHash64(storm, 5) % 40) AS ro,
    cityHash64(m, 10) AS op,
    1 AS key,
    tried + 1 AS attempt_no,
    -1 AS wait
FROM numbers({first:UInt64}, {events:UInt64} * 450)
