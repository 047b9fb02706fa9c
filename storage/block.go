package storage

import (
	"math"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/errata-dev/errata/parsers"
)

// fixedBytes is what the columns of fixed width take of a row, without the indexes of dictionaries.
const fixedBytes = 1 + 4 + 8 + 4 + 8 + 8 + 1 + 2 + 2 + 4 + 1 + 1 + 4 + 8 + 1 + 16 + 4 + 2 + 4

// headerBytes is about what the names and the types of the columns take.
const headerBytes = 2 << 10

// The times stored: from where DateTime64 begins, 1900, to what clients that count nanoseconds can
// read, 2262. Times of records are not to be trusted.
const (
	minTimeMS = -2_208_988_800_000
	maxTimeMS = math.MaxInt64 / 1_000_000
)

// Block is what one INSERT carries: rows, as columns ready to be sent. It is filled, inserted, reset
// and filled again; in steady state that allocates nothing. It is not safe for concurrent use.
//
// It holds memory in proportion to the largest block it ever held; the caller bounds that by Bytes.
type Block struct {
	rows int

	vendor, code, source, topic                           names
	service, environment, credential, method, host, route names
	pathIDs, wholePath, message, facts, ids               texts
	commonFacts                                           names
	partition, retryAfter, receivedAfter                  proto.ColInt32
	offset, time                                          proto.ColInt64
	checksum                                              proto.ColUInt32
	operation, fingerprint                                proto.ColUInt64
	attempt, status                                       proto.ColUInt16
	duration                                              proto.ColFloat32
	kind, operationKey, category, retry, parse            proto.ColInt8
	trace                                                 proto.ColFixedStr16
	granted                                               proto.ColUInt16
	deadline                                              proto.ColUInt32
	input                                                 proto.Input
	scratch                                               []byte // of facts, commonFacts and ids
	seen                                                  seen
}

// NewBlock returns an empty block.
func NewBlock() *Block {
	b := &Block{}
	for _, c := range b.dictionaries() {
		*c = newNames()
	}
	b.input = b.columns()
	return b
}

func (b *Block) dictionaries() [11]*names {
	return [...]*names{&b.vendor, &b.code, &b.source, &b.topic, &b.service, &b.environment, &b.credential, &b.method, &b.host, &b.route, &b.commonFacts}
}

func (b *Block) texts() [5]*texts {
	return [...]*texts{&b.pathIDs, &b.wholePath, &b.message, &b.facts, &b.ids}
}

// columns names every column sent. block_date is left out: the table computes it from granted and
// deadline, and so rejects a late block.
func (b *Block) columns() proto.Input {
	return proto.Input{
		{Name: "kind", Data: &typed{ColInput: &b.kind, want: "Enum8("}},
		{Name: "vendor", Data: &b.vendor},
		{Name: "code", Data: &b.code},
		{Name: "source", Data: &b.source},
		{Name: "topic", Data: &b.topic},
		{Name: "partition", Data: &b.partition},
		{Name: "offset", Data: &b.offset},
		{Name: "granted", Data: &typed{ColInput: &b.granted, want: "Date"}},
		{Name: "deadline", Data: &typed{ColInput: &b.deadline, want: "DateTime("}},
		{Name: "checksum", Data: &b.checksum},
		{Name: "time", Data: &typed{ColInput: &b.time, want: "DateTime64(3"}},
		{Name: "service", Data: &b.service},
		{Name: "environment", Data: &b.environment},
		{Name: "credential", Data: &b.credential},
		{Name: "method", Data: &b.method},
		{Name: "host", Data: &b.host},
		{Name: "route", Data: &b.route},
		{Name: "path_ids", Data: &b.pathIDs},
		{Name: "whole_path", Data: &b.wholePath},
		{Name: "operation", Data: &b.operation},
		{Name: "operation_key", Data: &typed{ColInput: &b.operationKey, want: "Enum8("}},
		{Name: "attempt", Data: &b.attempt},
		{Name: "status", Data: &b.status},
		{Name: "duration_ms", Data: &b.duration},
		{Name: "category", Data: &typed{ColInput: &b.category, want: "Enum8("}},
		{Name: "retry", Data: &typed{ColInput: &b.retry, want: "Enum8("}},
		{Name: "retry_after_ms", Data: &b.retryAfter},
		{Name: "message", Data: &b.message},
		{Name: "fingerprint", Data: &b.fingerprint},
		{Name: "parse", Data: &typed{ColInput: &b.parse, want: "Enum8("}},
		{Name: "trace", Data: &b.trace},
		{Name: "facts", Data: &b.facts},
		{Name: "common_facts", Data: &b.commonFacts},
		{Name: "ids", Data: &b.ids},
		{Name: "received_after", Data: &b.receivedAfter},
	}
}

// Rows is the number of rows in the block.
func (b *Block) Rows() int { return b.rows }

// Bytes is about what the block takes on the wire, uncompressed, and in memory.
func (b *Block) Bytes() int {
	if b.rows == 0 {
		return 0
	}
	n := headerBytes + b.rows*fixedBytes
	for _, c := range b.texts() {
		n += c.size()
	}
	for _, c := range b.dictionaries() {
		n += c.size()
	}
	return n
}

// Append adds a row. It copies what it needs, so that the row and the record it borrows from may be
// reused at once. Of a success it keeps no path, trace id, request id or log time.
func (b *Block) Append(row *parsers.Row) {
	b.rows++
	b.appendIdentity(row)
	b.appendCall(row)
	if row.Kind == parsers.KindSuccess {
		b.appendSuccess(row)
		return
	}
	b.appendPath(row)
	b.message.append(row.Message)
	b.appendFacts(row)
}

func (b *Block) appendPath(row *parsers.Row) {
	var ok bool
	if b.scratch, ok = appendPathIDs(b.scratch[:0], row.Route, row.Path); ok {
		b.pathIDs.append(b.scratch)
		b.wholePath.append(nil)
		return
	}
	b.pathIDs.append(nil)
	b.wholePath.append(row.Path)
}

func (b *Block) appendSuccess(row *parsers.Row) {
	for _, c := range [...]*texts{&b.pathIDs, &b.wholePath, &b.message, &b.ids} {
		c.append(nil)
	}
	b.trace.Append([16]byte{})
	b.receivedAfter.Append(0)
	b.commonFacts.append(nil)
	b.scratch = appendQuota(b.scratch[:0], row.RateLimit)
	b.facts.append(b.scratch)
}

// Bounds of common_facts. A dictionary of more values is none, and costs the table more than it saves: what comes
// then goes into facts, as does what is too long to be repeated.
const (
	maxCommonFacts      = 4096
	maxCommonFactsBytes = 2048
)

func (b *Block) appendFacts(row *parsers.Row) {
	ids := packIDs(row)
	trace, packed := traceBytes(row.TraceID)
	b.trace.Append(trace)
	if !packed {
		ids.trace = row.TraceID
	}
	after, packed := receivedAfter(row)
	b.receivedAfter.Append(after)
	if !packed {
		ids.logTime = clampTime(row.LogTime)
	}
	common, ok := b.common(row, &ids)
	if !ok {
		b.commonFacts.append(nil)
		b.ids.append(nil)
		b.scratch = appendAllFacts(b.scratch[:0], row, &ids)
		b.facts.append(b.scratch)
		return
	}
	b.commonFacts.keys.append(common)
	b.scratch = ids.vendorRequest.appendTo(ids.request.appendTo(b.scratch[:0]))
	b.ids.append(b.scratch)
	b.scratch = appendFacts(b.scratch[:0], row, &ids)
	b.facts.append(b.scratch)
}

func (b *Block) appendIdentity(row *parsers.Row) {
	b.kind.Append(int8(row.Kind))
	b.vendor.append(row.Vendor)
	b.code.append(row.Code)
	b.source.appendString(row.Source)
	b.topic.appendString(row.Topic)
	b.partition.Append(row.Partition)
	b.offset.Append(row.Offset)
	b.checksum.Append(row.Checksum)
	b.time.Append(clampTime(row.Time))
}

func (b *Block) appendCall(row *parsers.Row) {
	known := b.caller(row)
	b.service.keys.append(known.service)
	b.environment.keys.append(known.environment)
	b.credential.keys.append(known.credential)
	b.method.keys.append(known.method)
	b.host.keys.append(known.host)
	b.route.keys.append(known.route)
	b.operation.Append(row.Operation)
	b.operationKey.Append(int8(row.OperationKey))
	b.attempt.Append(row.Attempt)
	b.status.Append(row.Status)
	b.duration.Append(row.DurationMS)
	b.category.Append(int8(row.Category))
	b.retry.Append(int8(row.Retry))
	b.retryAfter.Append(int32(min(max(row.RetryAfterMS, parsers.Absent), maxRetryAfterMS)))
	b.fingerprint.Append(row.Fingerprint)
	b.parse.Append(int8(row.Parse))
}

// maxRetryAfterMS is seven days, what the parsers clamp to.
const maxRetryAfterMS = 7 * 24 * 3600 * 1000

// receivedAfter is how many milliseconds after its time the log of a response was received, and one more where that is not
// before: 0 is for a log without a time. Absurd differences go into facts.
func receivedAfter(row *parsers.Row) (ms int32, ok bool) {
	if row.LogTime == 0 {
		return 0, true
	}
	after := clampTime(row.LogTime) - clampTime(row.Time)
	if after >= 0 {
		after++
	}
	if after != int64(int32(after)) {
		return 0, false
	}
	return int32(after), true
}

func clampTime(ms int64) int64 { return min(max(ms, minTimeMS), maxTimeMS) }

// traceBytes packs a trace id of 32 lower-case hex digits. Any other form, and the all-zero id that
// the column cannot tell from none, goes into facts.
func traceBytes(text []byte) (id [16]byte, ok bool) {
	if len(text) != 2*len(id) {
		return id, false
	}
	var all, invalid byte
	for i := range id {
		high, low := nibbles[text[2*i]], nibbles[text[2*i+1]]
		id[i] = high<<4 | low
		invalid |= high | low
		all |= id[i]
	}
	if invalid > 15 || all == 0 {
		return [16]byte{}, false
	}
	return id, true
}

// nibbles are the values of the lower-case hex digits; 255 for any other byte.
var nibbles = func() (values [256]byte) {
	for c := range values {
		values[c] = 255
	}
	for i, c := range []byte(hexDigits) {
		values[c] = byte(i)
	}
	return values
}()

// Reset empties the block and keeps its memory.
func (b *Block) Reset() {
	b.rows, b.seen = 0, seen{}
	for _, c := range b.dictionaries() {
		c.reset()
	}
	for _, c := range b.texts() {
		c.reset()
	}
	for _, c := range b.fixed() {
		c.Reset()
	}
}

func (b *Block) fixed() [19]proto.Resettable {
	return [...]proto.Resettable{
		&b.partition, &b.retryAfter, &b.offset, &b.time, &b.receivedAfter, &b.checksum, &b.operation, &b.fingerprint, &b.attempt, &b.status,
		&b.duration, &b.kind, &b.operationKey, &b.category, &b.retry, &b.parse, &b.trace, &b.granted, &b.deadline,
	}
}

// fillGuard states day and deadline of the grant for every row. The deadline is in whole seconds,
// rounded down: a write is never accepted after it. One that the column cannot hold has passed.
func (b *Block) fillGuard(g Grant) {
	b.granted.Reset()
	b.deadline.Reset()
	day := uint16(g.Date.UTC().Unix() / secondsPerDay)
	deadline := g.Deadline.Unix()
	if deadline < 0 || deadline > math.MaxUint32 {
		deadline = 0
	}
	for range b.rows {
		b.granted.Append(day)
		b.deadline.Append(uint32(deadline))
	}
}

const secondsPerDay = 24 * 60 * 60
