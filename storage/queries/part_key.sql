-- key = hash of whose quota a call spends: a credential's, else a service's; on its endpoint or on all.
-- Each column is hashed by itself: that is done once for each distinct value.
cityHash64(vendor) * 3 + cityHash64(credential) * 5 + if(empty(credential), cityHash64(service), 0) * 7
    + {by_endpoint:UInt8} * (cityHash64(method) * 11 + cityHash64(route) * 13) AS key,
