AND (NOT has({by:Array(String)}, 'vendor') OR vendor IN {shown_vendors:Array(String)})
AND (NOT has({by:Array(String)}, 'code') OR code IN {shown_codes:Array(String)})
AND group_key IN {shown_keys:Array(UInt64)}
