package simulate

import "fmt"

// vendorSpec is the data of one vendor; its documented errors come from the vendor's own pages.
type vendorSpec struct {
	name      string
	requestID header // the vendor's own request-id header
	quota     quotaHeaders
	errorType string // content type of its error bodies
	endpoints []endpointSpec
	problems  []problemSpec
}

type endpointSpec struct {
	host    string
	sandbox string // host outside production; "" = the same
	method  string
	path    string
	keyed   identity
	status  int // of a success
	body    string
	ms      float64 // median duration
}

// problemSpec is one kind of failure. weight 0 means: only when an event asks for it.
type problemSpec struct {
	status   int
	code     string
	category string
	weight   int
	on       string   // only on routes that contain it
	bodies   []string // alternatives
	text     string   // transport failure: no response at all
}

// identity says what, beside the path, tells one operation from another.
type identity uint8

const (
	byTrace identity = iota
	byIdempotencyKey
)

// quotaHeaders is the dialect in which a vendor advertises its quota.
type quotaHeaders uint8

const (
	quotaNone       quotaHeaders = iota
	quotaStructured              // RateLimit and RateLimit-Policy structured fields
	quotaX                       // X-RateLimit-*, reset in seconds
	quotaXEpoch                  // X-RateLimit-*, reset as an epoch
	quotaThree                   // RateLimit-Limit, -Remaining, -Reset
)

func vendorSpecs() []vendorSpec {
	return []vendorSpec{truidSpec(), truvSpec(), truelayerSpec(), telecomxSpec(), bicsSpec(), emnifySpec()}
}

// VendorNames lists the vendors that can be simulated.
func VendorNames() []string {
	specs := vendorSpecs()
	names := make([]string, len(specs))
	for i := range specs {
		names[i] = specs[i].name
	}
	return names
}

// gatewayPage is what a proxy in front of the vendor answers.
func gatewayPage(status int, reason string) string {
	return fmt.Sprintf("<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
		status, reason, status, reason)
}

// sharedProblems happen with every vendor: gateways and transport failures. Their weights are parts
// of about a thousand, as those of the vendors are.
func sharedProblems(host string) []problemSpec {
	return []problemSpec{
		{status: 502, category: "upstream", weight: 12, bodies: []string{gatewayPage(502, "Bad Gateway")}},
		{status: 503, category: "server", bodies: []string{gatewayPage(503, "Service Temporarily Unavailable")}},
		{status: 504, category: "timeout", weight: 9, bodies: []string{gatewayPage(504, "Gateway Time-out")}},
		{code: "connection_refused", category: "network", weight: 6, text: "dial tcp 203.0.113.20:443: connect: connection refused"},
		{code: "dns", category: "network", weight: 3, text: "dial tcp: lookup " + host + " on 10.0.0.2:53: no such host"},
		{code: "tls", category: "network", weight: 2, text: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid"},
		{code: "deadline_exceeded", category: "timeout", weight: 14, text: "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"},
		{code: "reset", category: "network", weight: 5, text: "read tcp 10.4.1.17:48112->203.0.113.20:443: read: connection reset by peer"},
	}
}
