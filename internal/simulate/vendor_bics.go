package simulate

import (
	"fmt"
	"strconv"
)

func bicsSpec() vendorSpec   { return simForThings("bics", "sft.bics.com", headerXCorrelationID) }
func emnifySpec() vendorSpec { return simForThings("emnify", "cdn.emnify.net", headerXRequestID) }

// simForThings is the one platform that two organisations sell.
func simForThings(name, host string, requestID header) vendorSpec {
	at := func(method, path string, status int, body string, ms float64) endpointSpec {
		return endpointSpec{host: host, method: method, path: path, status: status, body: body, ms: ms}
	}
	return vendorSpec{
		name: name, requestID: requestID, quota: quotaXEpoch, errorType: "application/json",
		endpoints: []endpointSpec{
			at("POST", "/api/v1/authenticate", 200, `{"auth_token":"<hex32>"}`, 90),
			at("GET", "/api/v1/endpoint/<int8>", 200, `{"id":<int8>,"status":{"id":0,"description":"Enabled"}}`, 70),
			at("PUT", "/api/v1/endpoint/<int8>", 204, "", 160),
			at("POST", "/api/v1/endpoint/<int8>/sms", 201, "", 210),
			at("GET", "/api/v1/endpoint/<int8>/connectivity", 200, `{"status":{"description":"ATTACHED"}}`, 140),
			at("PATCH", "/api/v1/sim/<int8>", 204, "", 170),
			at("GET", "/api/v1/sim/<int8>", 200, `{"id":<int8>,"iccid":"<int19>"}`, 65),
		},
		problems: bicsProblems(),
	}
}

func bicsProblems() []problemSpec {
	p := bicsProblem
	return []problemSpec{
		p(401, 1101, "InvalidCredentials", "auth", 30, "", "Invalid credentials"),
		p(401, 1102, "InvalidToken", "auth", 40, "", "Invalid token"),
		p(401, 1103, "TokenExpired", "auth", 120, "", "Token expired"),
		p(403, 1104, "Forbidden", "permission", 40, "", "You do not have the necessary permissions to access this entry point."),
		p(429, 1105, "TooManyRequests", "rate_limit", 0, "", "Too many requests"),
		p(404, 1201, "NotFound", "not_found", 150, "{id}", "Endpoint with id <int8> not found"),
		p(422, 1301, "InvalidQueryCriteria", "validation", 10, "", "Search criteria status:x is invalid"),
		p(422, 1302, "InvalidSortCriteria", "validation", 6, "", "Sort criteria nam is invalid"),
		bicsValidation(),
		p(422, 1401, "InvalidReference", "validation", 20, "", "Invalid reference to serviceProfile with id <int8>"),
		p(422, 1402, "Required", "validation", 40, "", "Endpoint - name is required"),
		p(422, 1403, "InvalidFormat", "validation", 30, "", "SIM - iccid has invalid format: Expecting String"),
		p(422, 1404, "OutOfRange", "validation", 15, "", "SMS - payload out of range (1..160)"),
		p(409, 1405, "Duplicated", "conflict", 25, "", "Endpoint - imei already exists"),
		p(400, 1406, "NotAllowed", "validation", 25, "", "Updating of own organisation not allowed."),
		p(409, 1407, "CannotBeDeleted", "conflict", 10, "", "Service profile still referenced"),
		p(422, 1408, "InvalidValue", "validation", 25, "", "Endpoint - status is invalid: 9"),
		p(422, 1409, "UnknownProperty", "validation", 10, "", "Unknown Property: colour"),
		p(429, 1501, "TooManyRequests", "rate_limit", 0, "", "Too many requests"),
		p(404, 1601, "Unavailable", "not_found", 10, "", "No MSISDN available"),
		p(404, 1901, "UnknownSubscriber", "not_found", 40, "/connectivity", "Unknown Subscriber for Endpoint with id <int8>"),
		p(404, 1904, "UnknownLocation", "not_found", 60, "/connectivity", "Unknown Location for Endpoint with id <int8>"),
		{status: 409, code: "2101", category: "conflict", weight: 90, on: "/endpoint/", bodies: []string{
			"{\n  \"error_code\" : 2101,\n  \"error_token\" : \"UnableToActivate\",\n  \"message\" : \"Unable to activate\",\n  \"description\" : \"No SIM.\"\n}",
		}},
	}
}

// bicsProblem comes in the laid-out form of the pages, half of them with the trailing comma that
// occurs in practice.
func bicsProblem(status, code int, token, category string, weight int, on, message string) problemSpec {
	body := func(end string) string {
		return fmt.Sprintf("{\n  \"error_code\" : %d,\n  \"error_token\" : \"%s\",\n  \"message\" : \"%s\"%s\n}", code, token, message, end)
	}
	return problemSpec{status: status, code: strconv.Itoa(code), category: category, weight: weight, on: on, bodies: []string{body(""), body(",")}}
}

func bicsValidation() problemSpec {
	return problemSpec{status: 422, code: "1400", category: "validation", weight: 120, bodies: []string{
		`{"error_code":1400,"error_token":"InputValidationFailed","message":"Input validation failed","errors":[{"error_code":1403,"error_token":"InvalidFormat","message":"User - Username has invalid format: expecting String."},{"error_code":1402,"error_token":"Required","message":"User - organisation is required."}]}`,
		"{\n  \"error_code\" : 1400,\n  \"error_token\" : \"InputValidationFailed\",\n  \"message\" : \"Input validation failed\",\n  \"errors\" : [\n    {\"error_code\" : 1402, \"error_token\" : \"Required\", \"message\" : \"Endpoint - tariffProfile is required.\",},\n  ],\n}",
	}}
}
