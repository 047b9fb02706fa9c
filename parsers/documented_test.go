package parsers

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented are all errors of the vendors' public pages: vendor, then "status code [retry]" a line,
// with the retry advice where the page gives one. A title stands for a code the page does not spell.
var documented = map[string]string{
	"truid": `
400 Bad Request|400 Phone Format Invalid|400 Mobile Network Operator Not Supported|401 Unauthorized|401 Access Token Error
402 Insufficient Funds|403 Forbidden|403 Invalid Scope|404 Not Found|404 Workspace Not Found|404 Check Not Found
404 Trace Not Found|404 Flow Not Found|409 IP MSISDN Mismatch|410 Trace Gone|412 Not a Mobile Network IP
429 Too Many Requests = after|500 Internal Server Error|504 Mobile Network Operator Not Responding
501 Mobile Network Operator Redirect Not Supported|400 bad_request|400 phone_format_invalid|400 mno_not_supported|404 check_not_found
404 trace_not_found|404 workspace_not_found|403 forbidden|412 not_mobile_ip|409 ip_msisdn_mismatch|501 mno_redirect_unsupported
410 trace_gone|429 too_many_requests = after|200 mno_timeout|200 mno_user_not_found|200 mno_response_error|200 mno_server_error
200 mno_no_data_available|200 ip_mismatch`,
	"truv": `
400 |401 |403 |404 |405 |406 |410 |415 |429 |500 |502 |503 |504 |400 validation_error|401 expired_token|403 incorrect_token
400 incorrect_parameters|401 authentication_failed|403 not_authenticated|410 expired_token|429 throttled
400 LINK_EXISTS|400 LOGIN_ERROR|400 MFA_ERROR|400 NO_DATA|400 UNAVAILABLE`,
	"truelayer": `
400 validation_error = yes|400 deprecated_provider = no|401 unauthorized = no|401 invalid_token = no|403 access_denied = no
403 invalid_credentials_key = |403 sca_exceeded = no|404 account_not_found = no|429 provider_too_many_requests = yes
429 provider_request_limit_exceeded = yes|500 internal_server_error = yes|501 endpoint_not_supported = no
503 provider_error = yes|503 connector_overload = yes|503 temporarily_unavailable = yes|504 provider_timeout = yes
504 connector_timeout = yes
400 invalid_date_range = no|400 invalid_grant = no|400 invalid_client = no|400 invalid_authorization_code = no|401 unauthorized_client = no
401 Unauthenticated|403 Forbidden|400 Invalid Parameters|400 Invalid State|404 Not Found|409 Concurrency Conflict = yes
409 Idempotency-Key Concurrency Conflict|422 Idempotency-Key Reuse|429 Rate Limit Exceeded = yes|502 Provider Error = yes
500 Unknown Error = yes|502 Feature Not Supported = no|400 Provider not supported = no|404 Payment Not Found = no|422 User Data Not Found = no
422 Joint Accounts Not Supported = no|422 Failed Payment = no`,
	"telecomx": `
400 |401 |403 |404 |409 |422 |500 |401 expired|401 credentials_invalid|401 format_error|401 invalid_token
403 access_denied|500 internal_error|400 bad_request|404 not_found|403 updating|401 authentication_required`,
	"bics": `
401 1101|401 1102|401 1103|403 1104|429 1105|404 1201|422 1301|422 1302|422 1400|422 1401|422 1402|422 1403|422 1404|409 1405
400 1406|409 1407|422 1408|422 1409|429 1501|404 1601|404 1901|404 1904|409 2101|404 External Network Error
404 Network Element Not Available Error|404 Data Missing|404 Unexpected Data Value
409 2100|409 2199|409 2200|409 2299|409 2300|409 2399|409 2400|409 2499|409 2500|409 2599|409 2600|409 2699`,
}

func TestEveryDocumentedErrorIsInTheCatalogue(t *testing.T) {
	r := newRegistry(t)

	for _, info := range r.Vendors() {
		list, ok := documented[r.byName[info.Name].def.identities[0].Name]
		if !ok {
			continue
		}
		for _, line := range strings.Split(strings.ReplaceAll(strings.TrimSpace(list), "\n", "|"), "|") {
			what, retry, stated := strings.Cut(line, " =")
			status, err := strconv.Atoi(what[:3])
			require.NoError(t, err, line)
			code := strings.TrimSpace(what[3:])
			advice, m := r.byName[info.Name].def.catalogue.find(status, []byte(code), nil)
			want := matchCode
			if code == "" {
				want = matchStatus
			}
			require.Equal(t, want, m, "%s %s", info.Name, line)
			require.NotEmpty(t, advice.Advice, "%s %s", info.Name, line)
			if stated {
				require.Equal(t, strings.TrimSpace(retry), advice.Retry.String(), "%s %s", info.Name, line)
			}
		}
	}
}
