-- Question: which values do the responses of [from, to) have in those columns that the filter names?
-- Inputs: the filter.
-- Columns: vendors, services, environments, endpoints, codes, sources = distinct values, empty for a filter that is not
--   set, whose column is not read. At most 5,000 of each: codes are the vendors' own words.
SELECT
    arrayFilter(v -> notEmpty(v), groupUniqArray(5000)(if(empty({vendors:Array(String)}), '', toString(vendor)))) AS known_vendors,
    arrayFilter(v -> notEmpty(v), groupUniqArray(5000)(if(empty({services:Array(String)}), '', toString(service)))) AS known_services,
    arrayFilter(v -> notEmpty(v), groupUniqArray(5000)(if(empty({environments:Array(String)}), '', toString(environment)))) AS known_environments,
    arrayFilter(v -> notEmpty(v), groupUniqArray(5000)(if(empty({endpoints:Array(String)}), '', endpoint))) AS known_endpoints,
    arrayFilter(v -> notEmpty(v), groupUniqArray(5000)(if(empty({codes:Array(String)}), '', toString(code)))) AS known_codes,
    arrayFilter(v -> notEmpty(v), groupUniqArray(5000)(if(empty({sources:Array(String)}), '', toString(source)))) AS known_sources
FROM responses
WHERE time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
