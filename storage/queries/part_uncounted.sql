AND (attempt = 0 OR operation_key NOT IN ('none', 'path') OR position(route, '{') > 0 OR operation GLOBAL NOT IN
(
    -- include: part_counted
))
