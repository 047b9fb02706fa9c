-- What the projection days has of each of its groups.
any(vendor) AS day_vendor,
any(code) AS day_code,
min(time) AS first,
max(time) AS last,
groupUniqArrayIf(sipHash64(service), kind = 'error') AS services_seen,
groupUniqArrayIf(3 * sipHash64(method) + sipHash64(route), kind = 'error') AS endpoints_seen,
groupArrayIf(operation, kind = 'error' AND operation % 16 = 0) AS operations_seen,
