package simulate

import "fmt"

func telecomxSpec() vendorSpec {
	at := func(method, path string, status int, body string, ms float64) endpointSpec {
		return endpointSpec{host: "api.telecomx.dk", method: method, path: path, status: status, body: body, ms: ms}
	}
	return vendorSpec{
		name: "telecomx", requestID: headerXCorrelationID, quota: quotaThree, errorType: "application/json; charset=utf-8",
		endpoints: []endpointSpec{
			at("GET", "/users/<hex24>", 200, `{"_id":"<hex24>","status":"active"}`, 60),
			at("POST", "/users", 201, `{"_id":"<hex24>"}`, 130),
			at("PATCH", "/users/<hex24>", 200, `{"_id":"<hex24>","updated":true}`, 95),
			at("GET", "/accounts/<hex24>/subscriptions/<hex24>", 200, `{"_id":"<hex24>","msisdn":null}`, 75),
			at("POST", "/accounts/<hex24>/subscriptions", 201, `{"_id":"<hex24>","state":"pending"}`, 180),
			at("PUT", "/accounts/<hex24>/subscriptions/<hex24>", 200, `{"_id":"<hex24>","state":"active"}`, 150),
			at("GET", pathOrder, 200, `{"_id":"<hex24>","state":"shipped"}`, 50),
			at("GET", pathHealth, 200, `{"ok":true}`, 8),
		},
		problems: telecomxProblems(),
	}
}

// The paths of the decoys: nothing else calls them.
const (
	pathOrder  = "/orders/<hex24>"
	pathHealth = "/health"
)

func telecomxProblems() []problemSpec {
	p := telecomxProblem
	return []problemSpec{
		p(401, "expired", "auth", 140, "Session has expired, please login"),
		p(401, "credentials_invalid", "auth", 60, "Authorization required, please login"),
		p(401, "format_error", "auth", 10, "Authorization header format is Authorization: Bearer <token>"),
		{status: 401, code: "invalid_token", category: "auth", weight: 60, bodies: []string{
			telecomxBody(401, "invalid_token", "Undecipherable"),
			telecomxBody(401, "invalid_token", "IP address not authenticated"),
			telecomxBody(401, "invalid_token", "Please login"),
		}},
		p(404, "mvnoAccount", "not_found", 110, "MVNO account not found"),
		p(404, "userId", "not_found", 160, "User not found"),
		onRoutes(p(404, "orderId", "not_found", 0, "Order not found"), "/orders/"),
		p(409, "email", "conflict", 60, "E-mail is in use"),
		p(422, "address.street", "validation", 90, "Invalid street"),
		{status: 422, code: "address.zip", category: "validation", weight: 60, bodies: []string{
			`{"error":{" message":"Zip is missing","code":"address.zip","status":422,"path":"address.zip","check":"required"}}`,
		}},
		{status: 422, code: "multiple", category: "validation", weight: 150, bodies: []string{
			`{ "error": { "code": "multiple", "status": 422, "inner": [ { "message": "User not found", "code": "userId", "status": 404 }, { "message": "Invalid street", "code": "address.street", "status": 422 }, { " message": "Zip is missing", "code": "address.zip", "status": 404 } ] } }`,
		}},
		{status: 500, category: "server", weight: 25, bodies: []string{`{"error":{"message":"Internal Server Error","status":500}}`}},
	}
}

func telecomxProblem(status int, code, category string, weight int, message string) problemSpec {
	return problemSpec{status: status, code: code, category: category, weight: weight, bodies: []string{telecomxBody(status, code, message)}}
}

func telecomxBody(status int, code, message string) string {
	return fmt.Sprintf(`{"error":{"message":"%s","code":"%s","status":%d}}`, message, code, status)
}
