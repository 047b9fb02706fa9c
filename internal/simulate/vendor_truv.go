package simulate

func truvSpec() vendorSpec {
	const host = "prod.truv.com"
	at := func(method, path string, keyed identity, status int, body string, ms float64) endpointSpec {
		return endpointSpec{host: host, sandbox: "sandbox.truv.com", method: method, path: path, keyed: keyed, status: status, body: body, ms: ms}
	}
	return vendorSpec{
		name: "truv", requestID: headerXRequestID, quota: quotaX, errorType: "application/json",
		endpoints: []endpointSpec{
			at("POST", "/v1/users", byTrace, 201, `{"id":"<hex32>","external_user_id":"u-<int8>"}`, 140),
			at("POST", "/v1/users/<hex32>/tokens", byTrace, 201, `{"bridge_token":"<hex32>"}`, 120),
			at("POST", "/v1/orders", byIdempotencyKey, 201, `{"id":"<hex32>","status":"pending"}`, 260),
			at("GET", "/v1/orders/<hex32>", byTrace, 200, `{"id":"<hex32>","status":"completed"}`, 110),
			at("GET", "/v1/links/<hex32>/income/report", byTrace, 200, `{"id":"<hex32>","status":"done","employments":[]}`, 380),
			at("POST", "/v1/refresh/tasks", byTrace, 201, `{"task_id":"<hex32>","status":"new"}`, 190),
			at("GET", "/v1/refresh/tasks/<hex32>", byTrace, 200, `{"task_id":"<hex32>","status":"login"}`, 80),
		},
		problems: truvProblems(),
	}
}

func truvProblems() []problemSpec {
	return []problemSpec{
		{status: 400, code: "validation_error", category: "validation", weight: 420, bodies: []string{
			`{"error":{"code":"validation_error","message":"Validation error","extra":{"invalid-params":[{"field":"first_name","message":"First name is required"},{"field":"last_name","message":"Last name is required"}]}}}`,
			`{"error":{"code":"validation_error","message":"Validation error","extra":{"invalid-params":[{"field":"ssn","message":"SSN has to have 9 digits"}]}}}`,
			"{\n    \"error\": {\n        \"code\": \"validation_error\",\n        \"message\": \"Invalid JSON in request body\"\n    }\n}",
		}},
		{status: 401, code: "expired_token", category: "auth", weight: 180, bodies: []string{
			`{"error":{"code":"expired_token","message":"Public token expired: <hex32>"}}`,
		}},
		{status: 403, code: "incorrect_token", category: "permission", weight: 90, bodies: []string{
			`{"error":{"code":"incorrect_token","message":"Token is invalid"}}`,
		}},
		{status: 404, category: "not_found", weight: 200, on: "{id}", bodies: []string{`{"detail":"Not Found."}`}},
		{status: 405, category: "unsupported", weight: 8, bodies: []string{`{"detail":"Method \"PUT\" not allowed."}`}},
		{status: 415, category: "unsupported", weight: 8, on: "/v1/orders", bodies: []string{`{"detail":"Unsupported media type \"text/plain\" in request."}`}},
		{status: 429, category: "rate_limit", bodies: []string{`{"detail":"Request was throttled."}`}},
		{status: 500, category: "server", weight: 25, bodies: []string{"<!doctype html>\n<html lang=\"en\">\n<head><title>Server Error (500)</title></head>\n<body><h1>Server Error (500)</h1></body>\n</html>\n"}},
	}
}
