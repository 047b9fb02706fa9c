package simulate

import (
	"fmt"
	"strings"
)

func truidSpec() vendorSpec {
	const host, sandbox = "eu.api.tru.id", "sandbox.api.tru.id"
	check := `{"check_id":"<uuid>","status":"PENDING","charge_amount":1,"_links":{"self":{"href":"https://eu.api.tru.id/phone_check/v0.2/checks/<uuid>"}}}`
	at := func(method, path string, status int, ms float64) endpointSpec {
		return endpointSpec{host: host, sandbox: sandbox, method: method, path: path, status: status, body: check, ms: ms}
	}
	return vendorSpec{
		name: "truid", requestID: headerXRequestID, quota: quotaStructured, errorType: "application/problem+json",
		endpoints: []endpointSpec{
			at("POST", "/phone_check/v0.2/checks", 201, 310),
			at("GET", "/phone_check/v0.2/checks/<uuid>", 200, 90),
			at("PATCH", "/phone_check/v0.2/checks/<uuid>", 200, 220),
			at("POST", "/sim_check/v0.1/checks", 201, 420),
			at("POST", "/subscriber_check/v0.2/checks", 201, 330),
			at("GET", "/console/v0.2/workspaces/<uuid>", 200, 70),
			at("GET", "/console/v0.2/workspaces/<uuid>/traces/<uuid>", 200, 80),
			at("GET", "/flow/v0.1/flows/<uuid>", 200, 75),
		},
		problems: truidProblems(),
	}
}

func truidProblems() []problemSpec {
	p := truidProblem
	return []problemSpec{
		p(400, "Bad Request", "validation", 60, "", "The request body is not valid."),
		p(400, "Phone Format Invalid", "validation", 150, "checks", "The phone number is not in E.164 format."),
		p(400, "Mobile Network Operator Not Supported", "unsupported", 180, "checks", "MNO of the phone number is not supported."),
		p(401, "Unauthorized", "auth", 25, "", "The request lacks valid credentials."),
		p(401, "Access Token Error", "auth", 60, "", "Access token expired or missing."),
		p(402, "Insufficient Funds", "payment", 12, "checks", "Workspace balance is too low."),
		p(403, "Forbidden", "permission", 15, "", "Not allowed for this project."),
		p(403, "Invalid Scope", "permission", 20, "", "Token lacks scope phone_check."),
		p(404, "Not Found", "not_found", 30, "", "Resource does not exist."),
		p(404, "Workspace Not Found", "not_found", 60, "/workspaces/", "No workspace <uuid> here."),
		p(404, "Check Not Found", "not_found", 120, "/checks/", "No check with id <uuid>."),
		p(404, "Trace Not Found", "not_found", 60, "/traces/", "No trace with id <uuid>."),
		p(404, "Flow Not Found", "not_found", 60, "/flows/", "No flow with id <uuid>."),
		p(409, "IP MSISDN Mismatch", "conflict", 40, "checks", "phone_ip belongs to another operator."),
		p(410, "Trace Gone", "gone", 40, "/traces/", "Trace <uuid> is no longer accessible."),
		p(412, "Not a Mobile Network IP", "precondition", 110, "checks", "IP address is not of a mobile network."),
		p(429, "Too Many Requests", "rate_limit", 0, "", "Workspace rate limit exceeded."),
		p(500, "Internal Server Error", "server", 15, "", "Unexpected error, reference <hex16>."),
		p(501, "Mobile Network Operator Redirect Not Supported", "unsupported", 15, "checks", "MNO does not support redirects."),
		p(504, "Mobile Network Operator Not Responding", "timeout", 50, "checks", "MNO cannot be reached at present."),
	}
}

// truidProblem has no code member: the code is the last segment of the type URL, which is spelled as
// a path or as a fragment.
func truidProblem(status int, title, category string, weight int, on, detail string) problemSpec {
	code := strings.ReplaceAll(strings.ToLower(title), " ", "_")
	body := func(separator string) string {
		return fmt.Sprintf(`{"type":"https://tru.id/docs/api-errors%s%s","title":"%s","status":%d,"detail":"%s"}`, separator, code, title, status, detail)
	}
	return problemSpec{status: status, code: code, category: category, weight: weight, on: on, bodies: []string{body("/"), body("#")}}
}
