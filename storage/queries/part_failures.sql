AND (status IN {statuses:Array(UInt16)} OR intDiv(status, 100) IN {classes:Array(UInt16)}) -- if statuses or classes
AND code IN {codes:Array(String)} -- if codes
AND toString(category) IN {categories:Array(String)} -- if categories
