-- kind < 'dead_letter' is 'error' or 'success': the index is searched for it, where it would be walked through for != and IN.
-- include: part_traffic_hours -- if hours
UNION ALL -- if hours -- if minutes
-- include: part_traffic_minutes -- if minutes
UNION ALL -- if hours or minutes -- if rest
-- include: part_traffic_rest -- if rest
