package traffic

import (
	"fmt"
	"sync"
)

// vendorSpec is a vendor: some have a definition, some only answer in a public format.
type vendorSpec struct {
	name, host string
	failures   []Failure
	throttle   []Failure
}

var vendors = sync.OnceValue(func() []vendorSpec {
	return []vendorSpec{
		{"truelayer", "api.truelayer.com", []Failure{
			truelayer(503, "provider_error", "upstream", "yes"),
			truelayer(504, "provider_timeout", "timeout", "yes"),
			truelayer(500, "internal_server_error", "server", "yes"),
			truelayer(503, "connector_overload", "server", "yes"),
			truelayer(403, "access_denied", "permission", "no"),
			truelayer(404, "account_not_found", "not_found", "no"),
		}, []Failure{truelayer(429, "provider_too_many_requests", "rate_limit", "yes")}},
		generic("payhub"), generic("mailmint"), generic("geodesk"), generic("shipfast"), generic("kycone"),
	}
})

func vendorOf(name string) vendorSpec {
	for _, v := range vendors() {
		if v.name == name {
			return v
		}
	}
	panic("traffic: no vendor " + name) // the names are those of this package
}

func vendorNames() []string {
	var names []string
	for _, v := range vendors() {
		names = append(names, v.name)
	}
	return names
}

func generic(name string) vendorSpec {
	f := func(status int, code, category, retry string) Failure {
		return Failure{
			Status: status, Code: code, Category: category, Retry: retry, ContentType: "application/json",
			Body: fmt.Sprintf(`{"error":{"code":%q,"message":"Request failed: %s."}}`, code, code),
		}
	}
	return vendorSpec{name, "api." + name + ".example", []Failure{
		f(503, "backend_down", "server", "yes"), f(502, "bad_upstream", "upstream", "yes"), f(504, "upstream_timeout", "timeout", "yes"),
		f(500, "internal_failure", "server", "unknown"), f(404, "no_such_item", "not_found", "no"), f(400, "invalid_field", "validation", "no"),
		refused(),
	}, []Failure{f(429, "slow_down", "rate_limit", "yes")}}
}

func refused() Failure {
	return Failure{Code: "connection_refused", Category: "network", Retry: "yes", Text: "dial tcp 10.1.2.3:443: connect: connection refused"}
}

func truelayer(status int, code, category, retry string) Failure {
	return Failure{
		Status: status, Code: code, Category: category, Retry: retry, Catalogued: true, ContentType: "application/problem+json",
		Body: fmt.Sprintf(`{"type":"https://docs.truelayer.com/errors/%s","title":%q,"status":%d,"detail":"It failed: %s."}`, code, code, status, code),
	}
}

// githubThrottle is a 403 that means a rate limit; awsSlowDown a 503.
func githubThrottle() *Failure {
	return &Failure{
		Status: 403, Category: "rate_limit", Retry: "after", ContentType: "application/json",
		Body: `{"documentation_url":"https://docs.github.com/en/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits","message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`,
	}
}

func awsSlowDown() *Failure {
	return &Failure{
		Status: 503, Code: "SlowDown", Category: "rate_limit", Retry: "yes", ContentType: "application/xml",
		Body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message><RequestId>656c76696e6727732072657175657374</RequestId></Error>`,
	}
}

// retryable returns the vendor's failures worth a retry, hopeless those that are not.
func (v vendorSpec) retryable() []*Failure {
	return v.choose(func(f *Failure) bool { return f.Retry != "no" })
}

func (v vendorSpec) hopeless() []*Failure {
	return v.choose(func(f *Failure) bool { return f.Retry == "no" })
}

func (v vendorSpec) choose(wanted func(*Failure) bool) []*Failure {
	var list []*Failure
	for i := range v.failures {
		if wanted(&v.failures[i]) {
			list = append(list, &v.failures[i])
		}
	}
	return list
}
