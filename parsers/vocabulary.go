package parsers

// The names of the closed vocabularies, in JSON, in queries and in the table's enums. Index = number.
var (
	kindNames         = [...]string{"", "success", "error", "dead_letter"}
	categoryNames     = [...]string{"", "auth", "permission", "validation", "not_found", "conflict", "gone", "precondition", "payment", "rate_limit", "unsupported", "timeout", "upstream", "server", "network", "other"}
	retryNames        = [...]string{"", "yes", "no", "after", "unknown"}
	operationKeyNames = [...]string{"none", "idempotency", "trace", "path"}
	parseNames        = [...]string{"", "vendor", "generic", "unparsed"}
	reasonNames       = [...]string{"", "not_json", "no_time", "bad_status", "too_large", "not_http", "batched", "time_in_future", "refused"}
)

func (k Kind) String() string         { return name(kindNames[:], uint8(k)) }
func (c Category) String() string     { return name(categoryNames[:], uint8(c)) }
func (r Retry) String() string        { return name(retryNames[:], uint8(r)) }
func (o OperationKey) String() string { return name(operationKeyNames[:], uint8(o)) }
func (p ParseResult) String() string  { return name(parseNames[:], uint8(p)) }
func (r Reason) String() string       { return name(reasonNames[:], uint8(r)) }

func name(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return "invalid"
}
