package simulate

// serviceSpec is one of our programs: what it calls and how it writes its log.
type serviceSpec struct {
	name  string
	style style
	calls []callSpec
}

// callSpec is the traffic of a service with one vendor, spread evenly over the endpoints whose
// "METHOD path" starts with one of the prefixes.
type callSpec struct {
	vendor   string
	weight   int
	prefixes []string
}

// style is how a service logs: real fleets do not agree on one form.
type style struct {
	time    timeForm
	address addressForm
	headers headerForm
	ids     idForm
	attempt attemptForm
}

type timeForm uint8

const (
	timeRFC3339 timeForm = iota // 2026-11-21T21:31:30.123Z
	timeMicros                  // 2026-11-21T21:31:30.123456Z
	timeOffset                  // 2026-11-21T22:31:30.123+01:00
	timeUnixMS                  // 1795296690123
	timeUnixS                   // 1795296690.123
)

type addressForm uint8

const (
	addressURL       addressForm = iota // url
	addressParts                        // host and path
	addressWithRoute                    // url and route
)

type headerForm uint8

const (
	headersLower headerForm = iota // "content-type": "…"
	headersCanon                   // "Content-Type": "…"
	headersList                    // "Content-Type": ["…"]
)

type idForm uint8

const (
	idMembers idForm = iota // trace_id, idempotency_key
	idHeaders               // request headers traceparent, Idempotency-Key
)

type attemptForm uint8

const (
	attemptSilent attemptForm = iota
	attemptStated
)

// Services that serve one purpose only, so that what happens to them can be told exactly.
const (
	serviceVerify     = "number-verify"
	serviceStatements = "statement-sync"
	serviceOrders     = "order-watch"
	serviceProbe      = "gateway-probe"
)

func serviceSpecs() []serviceSpec {
	all := []string{""}
	telecomx := []string{"GET /users", "POST /users", "PATCH /users", "GET /accounts", "POST /accounts", "PUT /accounts"}
	return []serviceSpec{
		{"checkout", style{timeRFC3339, addressURL, headersLower, idMembers, attemptSilent}, []callSpec{
			{"truelayer", 150, []string{"POST /v3", "GET /v3"}}, {"truid", 30, []string{"POST /sim_check"}},
		}},
		{"ledger-sync", style{timeUnixMS, addressParts, headersList, idMembers, attemptSilent}, []callSpec{
			{"truelayer", 200, []string{"GET /data/v1/accounts/<hex32>/balance", "GET /data/v1/cards", "GET /data/v1/accounts/<hex32>"}},
		}},
		{serviceStatements, style{timeRFC3339, addressURL, headersCanon, idMembers, attemptSilent}, []callSpec{
			{"truelayer", 60, []string{"GET /data/v1/accounts/<hex32>/transactions"}},
		}},
		{"onboarding", style{timeOffset, addressWithRoute, headersCanon, idHeaders, attemptSilent}, []callSpec{
			{"truid", 120, all}, {"truelayer", 20, []string{"POST /verification"}}, {"truv", 40, all},
		}},
		{serviceVerify, style{timeMicros, addressURL, headersLower, idMembers, attemptStated}, []callSpec{
			{"truid", 60, []string{"POST /phone_check"}},
		}},
		{"kyc", style{timeUnixS, addressURL, headersLower, idHeaders, attemptSilent}, []callSpec{
			{"truv", 110, all}, {"truid", 40, []string{"GET /console", "GET /flow"}},
		}},
		{"sim-provisioning", style{timeMicros, addressParts, headersLower, idMembers, attemptSilent}, []callSpec{
			{"bics", 130, all}, {"telecomx", 40, telecomx},
		}},
		{"fleet-telemetry", style{timeUnixMS, addressURL, headersCanon, idMembers, attemptStated}, []callSpec{
			{"emnify", 90, all}, {"bics", 40, []string{"GET "}},
		}},
		{"subscriber-portal", style{timeRFC3339, addressWithRoute, headersLower, idMembers, attemptSilent}, []callSpec{
			{"telecomx", 120, telecomx},
		}},
		{serviceOrders, style{timeRFC3339, addressURL, headersLower, idMembers, attemptSilent}, []callSpec{
			{"telecomx", 0, []string{"GET " + pathOrder}},
		}},
		{serviceProbe, style{timeRFC3339, addressURL, headersLower, idMembers, attemptSilent}, []callSpec{
			{"telecomx", 0, []string{"GET " + pathHealth}},
		}},
	}
}

// ServiceNames lists the services that call the vendors.
func ServiceNames() []string {
	specs := serviceSpecs()
	names := make([]string, len(specs))
	for i := range specs {
		names[i] = specs[i].name
	}
	return names
}
