package parsers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// paths are those of a plain reader's world and beyond it.
var paths = []string{
	"/", "/users", "/users/", "/users/42", "/users/me", "/users/0042", "/users/12345678", "/users/42?fields=a", "/users/42?q=a b", "/users/42?at=a:b", "/users/42#x",
	"/data/v1/accounts/f1234560abf9f57287637624def39087/balance", "/data/v1/accounts/f1234560abf9f57287637624def3908z/balance",
	"/data/v1/accounts/3a7dd87c-8f00-445a-92ac-07990b211862/balance?from=2022-04-04", "/data/v1/accounts/3a7dd87c-8f00-445a-92ac-07990b21186/balance",
	"/api/3", "/api/42", "/rest/api/2/issue/ABC-7", "/v0.2/checks/1/2/3", "/a//b", "/caf\u00e9/1", "/a%20b/1", "/users/ann@example.com", "/tel/+441234567890/1",
	"/tokens/f1234560abf9f57287637624def39087", "/otp/123456", "/cards/4111111111111111/x", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/1", "//x", "x", "",
	"/users/ad2f19941700d1cbd1d34d7e/x", "/" + strings.Repeat("long/", 60), "/users/1?" + strings.Repeat("a", 600), "/x/" + strings.Repeat("1/", 20), "/u/1?next=https://h/x",
}

// callerTemplates say where a path stands, and what beside it.
var callerTemplates = []string{
	`{"time":1767273433.414,"service":"kyc","environment":"live","credential":"k1","method":"GET","url":"https://prod.truv.com%s","status":200,"duration_ms":74.4}`,
	`{"time":1767273433.414,"service":"kyc","environment":"live","credential":"k1","method":"POST","url":"https://prod.truv.com%s","status":404,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`,
	`{"time":1767273433.414,"service":"kyc","method":"GET","url":"https://prod.truv.com%s","route":"/users/{id}","status":404,"response_body":"{\"detail\":\"Not Found.\"}"}`,
	`{"time":1767273433.414,"service":"kyc","method":"get","host":"api.example.com","path":"%s","status":500}`,
	`{"time":1767273433.414,"status":500,"path":"%s","host":"api.example.com:8080","method":"get","service":"kyc"}`,
	`{"time":1767273433.414,"service":"kyc","vendor":"truv","method":"GET","host":"Proxy.Internal","url":"https://10.0.0.1%s","status":500}`,
	`{"time":1767273433.414,"credential":"kyc","method":"GET","url":"https://kyc.example.org%s","path":"/other","status":500}`,
	`{"time":1767273433.414,"service":"k\u0079c","credential":"ann@example.com","method":"GET","url":"http://user:pass@kyc.example.org%s","status":500}`,
	`{"time":1767273433.414,"status":500,"method":"GET","service":"kyc","url":"https://kyc.example.org%s"}`,
	`{"time":1767273433.414,"status":500,"method":"GET","url":"https://kyc.example.org%s","service":"kyc","service":"other"}`,
}

// TestKnownCallers: a row that has seen a caller again and again reads its records like one that has seen nothing.
func TestKnownCallers(t *testing.T) {
	r, used, other := newRegistry(t), new(Row), new(Row)
	known := 0
	for range 2 * seenOften {
		for _, template := range callerTemplates {
			for _, path := range paths {
				bothReaders(t, r, used, other, fmt.Appendf(nil, template, path))
				if used.scratch.caller != nil {
					known++
				}
			}
		}
	}
	require.Greater(t, known, 500)
}

// TestCallersAreTold: records that differ in one steady value never share a caller.
func TestCallersAreTold(t *testing.T) {
	r, row := newRegistry(t), new(Row)
	const record = `{"time":1767273433.414,"service":"%s","environment":"%s","credential":"%s","method":"%s","url":"https://%s/v1/%s/%d","status":200}`
	for i := range 4000 {
		value := func(place int) string { return fmt.Sprint([]string{"a", "b", "ab", "abc"}[i>>(2*place)%4]) }
		rec := fmt.Appendf(nil, record, value(0), value(1), value(2), value(3), value(4)+".example.com", value(5), i)
		for range 3 {
			r.Parse(&Record{Value: rec}, row)
			require.Equal(t, value(0), string(row.Service))
			require.Equal(t, value(1), string(row.Environment))
			require.Equal(t, value(2), string(row.Credential))
			require.Equal(t, strings.ToUpper(value(3)), string(row.Method))
			require.Equal(t, value(4)+".example.com", string(row.Host))
			require.Equal(t, "/v1/"+value(5)+"/{id}", string(row.Route))
		}
	}
}

// TestCallersOfOneRegistry: what one registry found out is not told by another.
func TestCallersOfOneRegistry(t *testing.T) {
	plain, row := newRegistry(t), new(Row)
	strict, err := New(Options{Redact: []string{"onboarding"}})
	require.NoError(t, err)
	for range 4 {
		plain.Parse(&Record{Value: []byte(success)}, row)
		require.Equal(t, "onboarding", string(row.Service))
	}
	strict.Parse(&Record{Value: []byte(success)}, row)
	require.Equal(t, "[redacted:custom]", string(row.Service))
}
