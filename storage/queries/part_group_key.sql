(
    if(has({by:Array(String)}, 'vendor'), sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), vendor), 0)
    + if(has({by:Array(String)}, 'service'), 3 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), service), 0)
    + if(has({by:Array(String)}, 'environment'), 5 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), environment), 0)
    + if(has({by:Array(String)}, 'endpoint'), 7 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), method) + 11 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), route), 0)
    + if(has({by:Array(String)}, 'code'), 13 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), code), 0)
    + if(has({by:Array(String)}, 'fingerprint'), 17 * fingerprint, if(has({by:Array(String)}, 'code') AND code = '', fingerprint, 0))
    + if(has({by:Array(String)}, 'status'), status, 0) * 128
    + if(has({by:Array(String)}, 'category'), toUInt8(category), 0) * 8
    + if(has({by:Array(String)}, 'retry'), toUInt8(retry), 0)
) AS group_key,
