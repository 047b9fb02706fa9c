(
    if(has({by:Array(String)}, 'vendor'), cityHash64(vendor), 0)
    + if(has({by:Array(String)}, 'service'), 3 * cityHash64(service), 0)
    + if(has({by:Array(String)}, 'environment'), 5 * cityHash64(environment), 0)
    + if(has({by:Array(String)}, 'endpoint'), 7 * cityHash64(method) + 11 * cityHash64(route), 0)
    + if(has({by:Array(String)}, 'status'), 13 * cityHash64(status), 0)
    + if(has({by:Array(String)}, 'code'), 17 * cityHash64(code) + if(code = '', fingerprint, 0), 0)
    + if(has({by:Array(String)}, 'category'), 19 * cityHash64(toInt8(category)), 0)
    + if(has({by:Array(String)}, 'retry'), 23 * cityHash64(toInt8(retry)), 0)
    + if(has({by:Array(String)}, 'fingerprint'), 29 * fingerprint, 0)
) AS group_key,
