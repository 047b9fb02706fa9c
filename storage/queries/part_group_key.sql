(
    toUInt64(0)
    + sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), vendor) -- if by:vendor
    + 3 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), service) -- if by:service
    + 5 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), environment) -- if by:environment
    + 7 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), method) + 11 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), route) -- if by:endpoint
    + 13 * sipHash64Keyed(({salt:UInt64}, {salt:UInt64}), code) + if(code = '', fingerprint, 0) -- if by:code
    + 17 * fingerprint -- if by:fingerprint
    + status * 128 -- if by:status
    + toUInt8(category) * 8 -- if by:category
    + toUInt8(retry) -- if by:retry
) AS group_key,
