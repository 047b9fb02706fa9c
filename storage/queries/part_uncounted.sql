AND (operation_key NOT IN ('none', 'path') OR position(route, '{') > 0 OR (operation, attempt = 0) GLOBAL NOT IN
(
    -- include: part_counted
))
