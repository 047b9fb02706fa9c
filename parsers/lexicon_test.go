package parsers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// spokenOf is the category of an error by its words alone.
func spokenOf(status int, code, message string) string {
	var s scratch
	s.found.code, s.found.message = []byte(code), []byte(message)
	return s.spoken(status).String()
}

func TestWordsThatMeanACategory(t *testing.T) {
	f := func(status int, code, message, want string) {
		t.Helper()
		require.Equal(t, want, spokenOf(status, code, message), "%d %s %s", status, code, message)
	}
	f(403, "", "API rate limit exceeded for user ID 1.", "rate_limit")
	f(403, "userRateLimitExceeded", "", "rate_limit")
	f(403, "", "Out of call volume quota. Quota will be replenished in 01:00:00.", "rate_limit")
	f(500, "policies.ratelimit.SpikeArrestViolation", "", "rate_limit")
	f(503, "SlowDown", "", "rate_limit")
	f(400, "", "You have exceeded your daily quota of requests", "rate_limit")
	f(400, "INSUFFICIENT_FUNDS", "", "payment")
	f(422, "", "Your card was declined.", "payment")
	f(403, "", "The API key provided is invalid.", "auth")
	f(200, "-1", "Sorry, APPID is invalid", "auth")
	f(200, "", "Authorization failure. Perhaps the password is incorrect.", "auth")
	f(403, "", "Authentication credentials were not provided.", "auth")
	f(400, "", "Token has expired", "auth")
	f(400, "ExpiredTokenException", "", "auth")
	f(400, "PERMISSION_DENIED", "", "permission")
	f(400, "resource_already_exists_exception", "", "conflict")
	f(422, "", "A customer with this email already exists.", "conflict")
	f(400, "InvalidInstanceID.NotFound", "", "not_found")
	f(409, "", "", "")
	f(500, "", "Read timed out", "timeout")
	f(200, "", "Object not found.", "not_found")
	f(200, "", "the method eth_foo does not exist/is not available", "unsupported")
	f(200, "GRAPHQL_VALIDATION_FAILED", "", "validation")
	f(200, "", "Service is under maintenance", "server")
	f(456, "", "Quota Exceeded", "rate_limit")
}

// TestWordsThatMeanNothing holds what people also say of parameters, and statuses that know better.
func TestWordsThatMeanNothing(t *testing.T) {
	f := func(status int, code, message string) {
		t.Helper()
		require.Empty(t, spokenOf(status, code, message), "%d %s %s", status, code, message)
	}
	f(400, "", "Invalid quote id")
	f(400, "INVALID_QUOTE_ID", "Invalid quote id")
	f(400, "query.no-such-column", "No such column: foo")
	f(400, "", "parameter rate is required")
	f(400, "", "parameter rate limit is required")
	f(400, "", "card number required")
	f(400, "", "The card token is invalid")
	f(400, "", "Unexpected token } in JSON at position 4")
	f(400, "BadDeviceToken", "The device token is invalid")
	f(400, "", "The exchange rate has a limit of two decimals")
	f(400, "", "timeout must be a number")
	f(400, "", "Customer was not found")
	f(403, "plan_limit_reached", "")
	f(403, "", "Resource not found or no access")
	f(404, "", "API key not found")
	f(404, "rate_limit_exceeded", "")
	f(401, "", "User does not exist")
	f(500, "", "Object not found: 7")
	f(502, "", "Too many requests")
	f(400, "", "Expiry date of the certificate must be in the future")
	f(422, "", "email has already been taken")
	f(422, "", "Description is too long, the limit of 100 characters was exceeded")
	f(200, "", "")
	f(422, "", "Extra inputs are not permitted")
	f(422, "value_error.extra", "extra fields not permitted")
	f(400, "LIMIT_UNEXPECTED_FILE", "Unexpected field")
	f(400, "", "Invalid token ',' at position 5")
	f(422, "", "The username and password fields are required.")
	f(400, "authentication_method_unknown", "")
	f(400, "token_amount_unknown", "")
}

// TestWordsOfValidation: codes that speak of parameters whose names mean something else.
func TestWordsOfValidation(t *testing.T) {
	for _, code := range []string{"too_many_items", "TooManyRecipients", "billing_address_required", "invalid_billing_address", "INVALID_AUTHENTICATION_METHOD", "missing_token_id", "internal_reference_required", "invalid_deleted_at", "duplicate_parameter_illegal"} {
		require.Contains(t, []string{"", "validation"}, spokenOf(400, code, ""), code)
	}
}

func TestWordsOfCodes(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		require.Equal(t, want, string(appendWords(nil, []byte(text))))
	}
	f("userRateLimitExceeded", "user rate limit exceeded")
	f("USER_RATE-LIMIT.exceeded", "user rate limit exceeded")
	f("OAuthHTTPError", "o auth http error")
	f("Can't be blank!", "can t be blank")
	f("", "")
}
