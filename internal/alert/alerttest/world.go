// Package alerttest fills a table with responses for the tests of alerting. It is for tests alone.
package alerttest

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// World is a table of responses of a case.
type World struct {
	t       testing.TB
	DB      *storage.DB
	options storage.Options
	offset  int64
}

// New opens an empty table on an engine that lasts as long as the test.
func New(t testing.TB) *World {
	t.Helper()
	return NewAt(t, embedded.TestClickHouse(t))
}

// NewAt opens the table of a database that is there already.
func NewAt(t testing.TB, url string) *World {
	t.Helper()
	o, err := storage.ParseURL(url)
	require.NoError(t, err)
	db, err := storage.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context(), nil))
	return &World{t: t, DB: db, options: o}
}

// Calls are N responses a minute, spread evenly over [from, to).
type Calls struct {
	From, To       time.Time
	N              int
	Vendor         string // "" = acme
	Service, Route string // "" = checkout, /pay
	Status         int    // 0 = 200
	Code           string
	Limit, WindowS int // of the quota that the response states; 0 = none
	Parse          parsers.ParseResult
	Coarse         bool // all are one operation, and the log knows whole seconds only
	Attempts       int  // of each call, five seconds apart; 0 = 1
	Keyed          bool // an idempotency key tells calls apart
	Twice          bool // each record is written twice, at two offsets
}

// Insert stores responses. Each is an operation of its own, unless it is coarse.
func (w *World) Insert(list ...Calls) {
	w.t.Helper()
	b := storage.NewBlock()
	for _, c := range list {
		for minute := c.From; minute.Before(c.To); minute = minute.Add(time.Minute) {
			for i := range c.N {
				w.call(b, c, minute.Add(time.Duration(i)*time.Minute/time.Duration(c.N)))
			}
		}
	}
	writer := storage.NewWriter(w.options)
	defer func() { require.NoError(w.t, writer.Close()) }()
	require.NoError(w.t, writer.Insert(w.t.Context(), b, storage.Grant{ID: rand.Text(), Date: time.Now().UTC(), Deadline: time.Now().Add(time.Minute).Truncate(time.Second)}))
}

// call appends the records of one call.
func (w *World) call(b *storage.Block, c Calls, at time.Time) {
	operation := uint64(w.offset + 1)
	for attempt := range max(c.Attempts, 1) {
		r := w.row(c, at.Add(time.Duration(attempt)*5*time.Second), operation)
		b.Append(r)
		if c.Twice {
			w.offset++
			r.Offset = w.offset
			b.Append(r)
		}
	}
}

func (w *World) row(c Calls, at time.Time, operation uint64) *parsers.Row {
	w.offset++
	r := &parsers.Row{
		Source: "src", Topic: "t", Offset: w.offset, Time: at.UnixMilli(), Kind: parsers.KindSuccess, Status: 200,
		Vendor: []byte(or(c.Vendor, "acme")), Service: []byte(or(c.Service, "checkout")), Environment: []byte("production"),
		Method: []byte("POST"), Route: []byte(or(c.Route, "/pay")), Checksum: uint32(w.offset), Operation: operation, OperationKey: parsers.OperationKeyPath,
		RetryAfterMS: parsers.Absent, TraceID: fmt.Appendf(nil, "%032x", operation),
	}
	r.RateLimit = parsers.RateLimit{Limit: parsers.Absent, Remaining: parsers.Absent, ResetAt: parsers.Absent, WindowS: parsers.Absent}
	if c.Limit > 0 {
		r.RateLimit.Limit, r.RateLimit.WindowS = int64(c.Limit), int64(c.WindowS)
	}
	if c.Keyed {
		r.OperationKey = parsers.OperationKeyIdempotency
	}
	if c.Coarse {
		r.Operation, r.Time = 1, at.Unix()*1000
	}
	if c.Status >= 400 {
		r.Kind, r.Status, r.Code, r.Message = parsers.KindError, uint16(c.Status), []byte(c.Code), []byte("it is "+c.Code)
		r.Category, r.Retry, r.Parse = parsers.CategoryServer, parsers.RetryYes, c.Parse
		if c.Status == 429 {
			r.Category = parsers.CategoryRateLimit
		}
	}
	return r
}

func or(text, standard string) string {
	if text == "" {
		return standard
	}
	return text
}
