-- Question: who was throttled when, and what did the vendor say about it?
-- Inputs: the filter; since, until = [from, to) and the margins around it; max_rejections.
-- Columns: one row a rejection, by time. payer = the service, when there is no credential; at, started
--   = Unix milliseconds of the response and of the request; wait = Retry-After in ms, -1 = not
--   stated; policy; quota, window_s: 0 = not advertised.
-- include: part_rejections
ORDER BY at, vendor, credential, service, route, method
LIMIT {max_rejections:UInt64}
