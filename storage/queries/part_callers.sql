AND vendor IN {vendors:Array(String)} -- if vendors
AND service IN {services:Array(String)} -- if services
AND environment IN {environments:Array(String)} -- if environments
AND (route IN {endpoints:Array(String)} OR endpoint IN {endpoints:Array(String)}) -- if endpoints
AND (source IN {sources:Array(String)} OR replaceRegexpOne(source, '~[0-9]+$', '') IN {sources:Array(String)}) -- if sources
