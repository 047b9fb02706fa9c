(source = {source:String} OR startsWith(source, concat({source:String}, '~')) AND match(substring(source, length({source:String}) + 2), '^[0-9]+$'))
