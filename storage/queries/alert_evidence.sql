-- Question: what is there to say about the errors of [from, to) in one alert?
-- Inputs: the filter.
-- Columns: count; the most frequent codes (status and code), services and endpoints; newest_message;
--   trace_ids and offsets (topic/partition@offset) of the newest; the most frequent vendor, status and code.
-- Of one call that was repeated a hundred times lately, its trace id is the only one.
SELECT
    count() AS count,
    arraySlice(topK(5)(if(code = '', toString(status), concat(toString(status), ' ', code))), 1, 5) AS codes,
    topK(5)(toString(service)) AS services,
    topK(5)(endpoint) AS endpoints,
    argMaxIf(message, time, notEmpty(message)) AS newest_message,
    arraySlice(arrayDistinct(groupArraySortedIf(100)((-toUnixTimestamp64Milli(time), trace_id), notEmpty(trace_id)).2), 1, 3) AS trace_ids,
    groupArraySorted(3)((-toUnixTimestamp64Milli(time), -offset, concat(topic, '/', toString(partition), '@', toString(offset)))).3 AS offsets,
    topK(1)((toString(vendor), status, toString(code)))[1].1 AS commonest_vendor,
    topK(1)((toString(vendor), status, toString(code)))[1].2 AS commonest_status,
    topK(1)((toString(vendor), status, toString(code)))[1].3 AS commonest_code
FROM responses
WHERE kind = 'error' AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
    -- include: part_callers
    -- include: part_failures
