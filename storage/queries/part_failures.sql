AND (empty({statuses:Array(UInt16)}) AND empty({classes:Array(UInt16)}) OR has({statuses:Array(UInt16)}, status) OR has({classes:Array(UInt16)}, intDiv(status, 100)))
AND (empty({codes:Array(String)}) OR has({codes:Array(String)}, code))
AND (empty({categories:Array(String)}) OR has({categories:Array(String)}, toString(category)))
