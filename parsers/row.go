package parsers

// Kind says what a Kafka record turned out to be. Every record becomes exactly one row of one kind.
type Kind uint8

// The kinds, numbered as in the column responses.kind; their order is the table's sort order.
const (
	KindSuccess    Kind = 1
	KindError      Kind = 2
	KindDeadLetter Kind = 3
)

// Category is errata's closed vocabulary over the errors of all vendors.
type Category uint8

// The categories, numbered as in the column responses.category. CategoryNone is a success or a dead letter.
const (
	CategoryNone Category = iota
	CategoryAuth
	CategoryPermission
	CategoryValidation
	CategoryNotFound
	CategoryConflict
	CategoryGone
	CategoryPrecondition
	CategoryPayment
	CategoryRateLimit
	CategoryUnsupported
	CategoryTimeout
	CategoryUpstream
	CategoryServer
	CategoryNetwork
	CategoryOther
)

// Retry is what the vendor, or HTTP, says about sending the same request again.
type Retry uint8

// The retry advice, numbered as in the column responses.retry. RetryNone is a success or a dead letter.
const (
	RetryNone Retry = iota
	RetryYes
	RetryNo
	RetryAfter
	RetryUnknown
)

// OperationKey names the fact that told one operation from another.
type OperationKey uint8

// The operation keys, numbered as in the column responses.operation_key.
const (
	OperationKeyNone OperationKey = iota
	OperationKeyIdempotency
	OperationKeyTrace
	OperationKeyPath
)

// ParseResult says how far the body of an error was understood.
type ParseResult uint8

// The parse results, numbered as in the column responses.parse. ParseNone is a success or a dead letter.
const (
	ParseNone ParseResult = iota
	ParseVendor
	ParseGeneric
	ParseUnparsed
)

// Reason says why a record is a dead letter.
type Reason uint8

// The reasons. The last two are judged by the pipeline: it knows the broker's timestamp, and which row of a
// block the table refuses.
const (
	ReasonNone Reason = iota
	ReasonNotJSON
	ReasonNoTime
	ReasonBadStatus
	ReasonTooLarge
	ReasonNotHTTP // a log or span of something else than a response that a client got
	ReasonBatched // several responses in one record
	ReasonTimeInFuture
	ReasonRefused
)

// Absent marks a numeric fact that the response did not state: zero is a value of its own
// ("Retry-After: 0", "remaining 0").
const Absent = -1

// Row is one normalized response, filled by Registry.Parse and reused from record to record.
//
// Ownership: every []byte is borrowed. It points into the record's value, into a registry's
// definitions or into the row's own buffers, and is valid until the next Parse into the same row or
// until the record's value is overwritten, whichever comes first. Copy what must live longer.
// Texts are valid UTF-8, redacted and bounded. An empty text means "not stated".
type Row struct {
	Kind Kind

	// Where the record came from; copied from Record.
	Source    string
	Topic     string
	Partition int32
	Offset    int64
	LogTime   int64  // broker timestamp, Unix milliseconds; 0 = none
	Checksum  uint32 // CRC-32C of the record's value

	Time         int64 // when the response was received, Unix milliseconds
	Vendor       []byte
	Service      []byte
	Environment  []byte
	Credential   []byte
	Method       []byte // upper case
	Host         []byte // lower case, without port
	Route        []byte // path template, ids masked: /data/v1/accounts/{id}
	Path         []byte // redacted path and query; errors only
	Operation    uint64
	OperationKey OperationKey
	Attempt      uint16  // 0 = not stated
	Status       uint16  // 0 = no response
	DurationMS   float32 // 0 = not stated

	Code            []byte
	Category        Category
	Retry           Retry
	RetryAfterMS    int64 // 0..604_800_000 (7 days), or Absent
	Title           []byte
	Message         []byte
	MessageTemplate []byte
	Fingerprint     uint64 // hash of vendor, status, code and message template
	Type            []byte
	Instance        []byte

	RequestID       []byte
	TraceID         []byte // the caller's; the vendor's own where the caller stated none
	VendorRequestID []byte
	Details         []Detail
	RateLimit       RateLimit

	Format           []byte // name of the envelope or decoder that matched: "problem+json", "truv.error"
	Parse            ParseResult
	Body             []byte // redacted excerpt; only when Parse is unparsed, or for a dead letter
	Reason           Reason // dead letters only
	RedactionVersion uint16

	// Rows with the same number, other than 0, have the same …
	Caller  uint64 // … Service, Environment, Credential, Method, Host and Route
	Verdict uint64 // … Code, Title, MessageTemplate, Type, Details, Format and RedactionVersion; Messages may differ in an id

	scratch *scratch // working memory, made by the first Parse; it backs the texts above
}

// Detail is one sub-error of a response that carries several.
type Detail struct {
	Field   []byte
	Code    []byte
	Message []byte
}

// RateLimit holds the quota facts of one response.
type RateLimit struct {
	Limit     int64 // requests per window, or Absent
	Remaining int64 // requests left in the window, or Absent
	ResetAt   int64 // end of the window, Unix milliseconds, or Absent
	WindowS   int64 // window length in seconds, or Absent
	Policy    []byte
	Source    LimitSource
}

// LimitSource says where a quota is stated.
type LimitSource uint8

// The sources of a quota. The catalogue is what the vendor's documentation says of an error, where neither headers nor
// body state a quota.
const (
	LimitFromHeader LimitSource = iota
	LimitFromBody
	LimitFromCatalogue
)

// String returns the name that rows and answers have for it.
func (s LimitSource) String() string {
	switch s {
	case LimitFromBody:
		return "body"
	case LimitFromCatalogue:
		return "catalogue"
	}
	return "header"
}
