AND method NOT IN ('GET', 'HEAD', 'PUT', 'DELETE') AND operation_key = 'none' AND attempt <= 1
