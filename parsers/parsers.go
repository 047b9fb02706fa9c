// Package parsers turns one HTTP response log into one normalized Row.
//
// It is pure: bytes in, a row out. It never reads a clock, dials, logs, or fails: a record that
// cannot be decoded becomes a dead letter with its reason. It imports no Kafka, ClickHouse or
// logging package.
//
// A record passes six steps, each a group of files:
//
//   - decode the record: record*.go (errata's own format; others are translated into it), headers.go, url.go
//   - identify who called whom: identify.go, resolve.go
//   - make one tree of the body, whatever it is: body.go, base64.go, sniff.go, charset.go
//   - recognise it: envelope.go and path.go by a definition (vendor.go, compile*.go), generic.go and
//     formats.go by a public format, guess*.go by the names of its members, prose.go as a text; failed.go
//     tells an error in a success
//   - judge it: judge.go, catalogue.go, lexicon*.go, limits.go, wait.go, quota.go, transport.go
//   - write redacted, bounded texts: text.go, memo.go, withhold.go, row.go, json.go
package parsers

import (
	"hash/crc32"
	"io/fs"

	"github.com/errata-dev/errata/parsers/redact"
)

// Record is one Kafka record, or one line of a file, as read.
type Record struct {
	Value     []byte // borrowed; Parse does not write to it
	Source    string
	Topic     string
	Partition int32
	Offset    int64
	LogTime   int64  // broker timestamp, Unix milliseconds; 0 = none
	Format    Format // FormatAuto = that of its topic
}

// Options of a Registry.
type Options struct {
	// HashKey keys the operation hash; paths hold phone numbers. The zero key is for offline use.
	HashKey [32]byte
	// FS are directories of further definitions, one folder each: <name>/vendor.toml. A definition
	// replaces an earlier or built-in one of the same name.
	FS []fs.FS
	// Redact are additional patterns whose matches must not reach a row, as redact.New takes them.
	Redact []string
	// Texts are the members with a vendor's free text that rows may hold, by TextMembers; nil = all,
	// an empty list = none.
	Texts []string
	// Format is the format of records whose topic has none in Formats.
	Format  Format
	Formats map[string]Format
}

// MaxRecord is the size in bytes above which a record is a dead letter: too_large.
const MaxRecord = 8 << 20

// castagnoli is the polynomial of Row.Checksum; hardware computes it.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Registry holds the compiled vendor definitions. It is immutable and safe for concurrent use.
type Registry struct {
	key      [32]byte
	redactor *redact.Redactor
	custom   bool // by patterns of the operator, too
	texts    texts
	vendors  []*vendor // by name
	byName   map[string]*vendor
	byHost   map[string]*vendor // exact host names
	bySuffix map[string]*vendor // "truelayer.com" for *.truelayer.com
	generic  *definition        // public formats, in order of trial
	topics   map[string]Format
	fallback Format // of records of other topics
}

// Parse fills row from rec: one record, one row. It never fails; whatever cannot be decoded becomes a
// dead letter. Row's texts are borrowed until the next Parse into the same row (see Row). Parse
// allocates only while row's buffers still grow.
func (r *Registry) Parse(rec *Record, row *Row) {
	r.reset(rec, row)
	reason := ReasonTooLarge
	if len(rec.Value) <= MaxRecord {
		reason = row.scratch.decode(rec.Value, r.format(rec))
	}
	if reason != ReasonNone {
		r.Bury(rec, row, reason)
		return
	}
	r.fill(row)
}

// fill normalizes the decoded response of row's scratch.
func (r *Registry) fill(row *Row) {
	res := &row.scratch.response
	row.Time, row.Status = res.timeMS, uint16(res.status)
	row.DurationMS, row.Attempt = res.durationMS, res.attempt
	v := r.identify(row)
	switch {
	case res.status == 0:
		r.transport(row)
	case res.status >= 400:
		r.read(row, v)
	case v != nil && v.def.lowest <= res.status && r.readSuccess(row, v):
		// an error in a success, by an envelope of its vendor
	case res.status >= 200 && res.status < 300 && (v == nil || v.def.lowest >= 400) && row.scratch.failed() && r.readFailed(row, v):
		// an error in a success, by what its body says in so many words
	default:
		r.succeed(row, v)
		return
	}
	row.Kind = KindError
	r.path(row)
	if row.Fingerprint == 0 {
		row.Fingerprint = row.fingerprint()
		r.pass(row, v)
	}
	r.withhold(row)
}

// succeed keeps of a success what counts, rates and quota warnings need.
func (r *Registry) succeed(row *Row, v *vendor) {
	row.Kind = KindSuccess
	row.RedactionVersion = redact.Version
	if r.limits(row, v); !row.RateLimit.low() {
		row.RateLimit = absentLimit
	}
}

// reset empties row, keeps its buffers, and notes where the record came from.
func (r *Registry) reset(rec *Record, row *Row) {
	s := row.scratch
	if s == nil {
		s = new(scratch)
	}
	s.reset()
	s.memo.of(r)
	details := row.Details[:0]
	*row = Row{} // in place: a literal with members is built elsewhere and copied, which costs 50 ns
	row.Source, row.Topic, row.Partition, row.Offset, row.LogTime = rec.Source, rec.Topic, rec.Partition, rec.Offset, rec.LogTime
	row.Checksum = crc32.Checksum(rec.Value, castagnoli)
	row.RetryAfterMS, row.RateLimit = Absent, absentLimit
	row.Details, row.scratch = details, s
}
