package simulate

import "fmt"

func truelayerSpec() vendorSpec {
	const host, sandbox = "api.truelayer.com", "api.truelayer-sandbox.com"
	at := func(method, path string, keyed identity, status int, body string, ms float64) endpointSpec {
		return endpointSpec{host: host, sandbox: sandbox, method: method, path: path, keyed: keyed, status: status, body: body, ms: ms}
	}
	return vendorSpec{
		name: "truelayer", requestID: headerTraceIDVendor, errorType: "application/problem+json",
		endpoints: []endpointSpec{
			at("GET", "/data/v1/accounts/<hex32>", byTrace, 200, `{"results":[{"account_id":"<hex32>","currency":"GBP"}],"status":"Succeeded"}`, 420),
			at("GET", "/data/v1/accounts/<hex32>/balance", byTrace, 200, `{"results":[{"currency":"GBP","available":<int3>.17,"current":<int3>.17}],"status":"Succeeded"}`, 480),
			at("GET", "/data/v1/accounts/<hex32>/transactions?from=<date>", byTrace, 200, `{"results":[],"status":"Succeeded"}`, 900),
			at("GET", "/data/v1/cards/<hex32>/balance", byTrace, 200, `{"results":[{"currency":"EUR","current":<int3>.09}],"status":"Succeeded"}`, 510),
			at("POST", "/v3/payments", byIdempotencyKey, 201, `{"id":"<uuid>","status":"authorization_required"}`, 350),
			at("GET", "/v3/payments/<uuid>", byTrace, 200, `{"id":"<uuid>","status":"executed","amount_in_minor":<int3>}`, 110),
			at("POST", "/v3/payouts", byIdempotencyKey, 202, `{"id":"<uuid>"}`, 300),
			at("POST", "/verification/v1/verify", byTrace, 200, `{"verified":true,"report":{"name_score":96}}`, 1100),
		},
		problems: truelayerProblems(),
	}
}

func truelayerProblems() []problemSpec {
	p := truelayerProblem
	return []problemSpec{
		truelayerErrorsMap(),
		p(400, "deprecated_provider", "unsupported", 6, "The provider has been deprecated."),
		p(401, "unauthorized", "auth", 40, "The credentials or token are no longer valid."),
		p(401, "invalid_token", "auth", 110, "The token is no longer valid."),
		p(403, "access_denied", "permission", 130, "Access to the resource has been denied."),
		p(403, "invalid_credentials_key", "permission", 5, "The provided credentials encryption key is invalid."),
		p(403, "sca_exceeded", "permission", 90, "SCA exemption has expired."),
		onRoutes(p(404, "account_not_found", "not_found", 80, "The requested account cannot be found."), "/accounts/"),
		p(429, "provider_too_many_requests", "rate_limit", 0, "Provider rate limit exceeded."),
		p(429, "provider_request_limit_exceeded", "rate_limit", 0, "Maximum number of requests per user allowed by provider exceeded."),
		p(500, "internal_server_error", "server", 20, "Internal server error."),
		p(501, "endpoint_not_supported", "unsupported", 30, "Feature not supported by the provider."),
		p(503, "provider_error", "upstream", 110, "The provider service is unavailable."),
		p(503, "connector_overload", "server", 30, "The connector service is currently overloaded."),
		p(503, "temporarily_unavailable", "upstream", 45, "The provider service is unavailable."),
		p(504, "provider_timeout", "timeout", 100, "The provider service timed out."),
		p(504, "connector_timeout", "timeout", 30, "The connector service timed out."),
	}
}

// truelayerProblem comes as problem+json, and now and then in the older OAuth-like form.
func truelayerProblem(status int, code, category string, weight int, detail string) problemSpec {
	problem := fmt.Sprintf(`{"type":"https://docs.truelayer.com/errors/%s","title":"%s","status":%d,"trace_id":"<hex32>","detail":"%s"}`, code, code, status, detail)
	older := fmt.Sprintf(`{"error":"%s","error_description":"%s","error_details":{}}`, code, detail)
	return problemSpec{status: status, code: code, category: category, weight: weight, bodies: []string{problem, problem, older}}
}

func truelayerErrorsMap() problemSpec {
	p := truelayerProblem(400, "validation_error", "validation", 160, "The supplied parameters are not valid.")
	p.bodies = append(p.bodies, `{"type":"https://docs.truelayer.com/errors/validation_error","title":"Invalid Parameters","status":400,"trace_id":"<hex32>","detail":"The request body was invalid.","errors":{"amount_in_minor":["Value must be greater than 0."],"user.name":["Value is required."]}}`)
	return p
}

func onRoutes(p problemSpec, on string) problemSpec {
	p.on = on
	return p
}
