-- Source: a day of ordinary traffic: more by day than by night, 5 % errors, six in ten of them tried again after some
-- two seconds. An eighth are lists, asked for again and again under one path. 429s are rare: windows bring them.
-- Inputs: day_ms = start of the day; first, rows = numbers of its rows; later = rows in two seconds.
SELECT
    number AS n,
    cityHash64(n, 1) % 1000 < 50 AS failed,
    cityHash64(n - {later:UInt64}, 1) % 1000 < 50 AND cityHash64(n, 11) % 10 < 6 AS again,
    if(again, n - {later:UInt64}, n) AS m,
    n % 10 AS part,
    intDiv(n, 10) + part * 31337007 AS place,
    (n - {first:UInt64}) / {rows:UInt64} AS share,
    {day_ms:UInt64} + toUInt64(86400000. * (share + 0.08 * (sin(2 * pi() * share)))) AS at,
    toUInt8(least(4, floor(5 * pow(cityHash64(m, 2) % 10007 / 10007, 1.5)))) AS v,
    toUInt8(floor(12 * pow(cityHash64(if(again, m, n), 3) % 10007 / 10007, 2.5))) AS any_code,
    if(any_code = 2 AND cityHash64(n, 12) % 50 != 0, 3, any_code) AS c,
    toUInt8(floor(20 * pow(cityHash64(m, 4) % 10007 / 10007, 1.8))) AS s,
    toUInt8(floor(40 * pow(cityHash64(m, 5) % 10007 / 10007, 1.5))) AS ro,
    if(intDiv(ro, 8) = 3 AND cityHash64(m, 13) % 2 = 0, cityHash64(s, v, ro), cityHash64(m, 10)) AS op,
    if(ro % 6 < 3, 3, [1, 2, 0][cityHash64(m, 14) % 3 + 1]) AS key,
    if(cityHash64(n, 15) % 10 = 0, if(again, 2, 1), 0) AS attempt_no,
    if(failed AND c = 2, 1000 * (1 + cityHash64(n, 6) % 60), -1) AS wait
FROM numbers({first:UInt64}, {rows:UInt64})
