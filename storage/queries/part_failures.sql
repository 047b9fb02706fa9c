AND (empty({statuses:Array(UInt16)}) AND empty({classes:Array(UInt16)}) OR status IN {statuses:Array(UInt16)} OR intDiv(status, 100) IN {classes:Array(UInt16)})
AND (empty({codes:Array(String)}) OR code IN {codes:Array(String)})
AND (empty({categories:Array(String)}) OR toString(category) IN {categories:Array(String)})
