AND vendor IN {shown_vendors:Array(String)} -- if by:vendor
AND code IN {shown_codes:Array(String)} -- if by:code
AND group_key IN {shown_keys:Array(UInt64)}
