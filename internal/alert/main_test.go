package alert

import (
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	os.Exit(m.Run())
}

// world is a table of responses of a case.
type world struct {
	t       testing.TB
	db      *storage.DB
	options storage.Options
	offset  int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	o, err := storage.ParseURL(embedded.TestClickHouse(t))
	require.NoError(t, err)
	db, err := storage.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context(), nil))
	return &world{t: t, db: db, options: o}
}

// calls are n responses a minute, spread evenly over [from, to).
type calls struct {
	from, to       time.Time
	n              int
	vendor         string // "" = acme
	service, route string // "" = checkout, /pay
	status         int    // 0 = 200
	code           string
	parse          parsers.ParseResult
}

// insert stores responses. Each is an operation of its own.
func (w *world) insert(list ...calls) {
	w.t.Helper()
	b := storage.NewBlock()
	for _, c := range list {
		for minute := c.from; minute.Before(c.to); minute = minute.Add(time.Minute) {
			for i := range c.n {
				b.Append(w.row(c, minute.Add(time.Duration(i)*time.Minute/time.Duration(c.n))))
			}
		}
	}
	writer := storage.NewWriter(w.options)
	defer func() { require.NoError(w.t, writer.Close()) }()
	require.NoError(w.t, writer.Insert(w.t.Context(), b, storage.Grant{ID: rand.Text(), Date: time.Now().UTC(), Deadline: time.Now().Add(time.Minute).Truncate(time.Second)}))
}

func (w *world) row(c calls, at time.Time) *parsers.Row {
	w.offset++
	r := &parsers.Row{
		Source: "src", Topic: "t", Offset: w.offset, Time: at.UnixMilli(), Kind: parsers.KindSuccess, Status: 200,
		Vendor: []byte(or(c.vendor, "acme")), Service: []byte(or(c.service, "checkout")), Environment: []byte("production"),
		Method: []byte("POST"), Route: []byte(or(c.route, "/pay")), Operation: uint64(w.offset), OperationKey: parsers.OperationKeyPath,
		RetryAfterMS: parsers.Absent,
	}
	r.RateLimit = parsers.RateLimit{Limit: parsers.Absent, Remaining: parsers.Absent, ResetAt: parsers.Absent, WindowS: parsers.Absent}
	if c.status >= 400 {
		r.Kind, r.Status, r.Code, r.Message = parsers.KindError, uint16(c.status), []byte(c.code), []byte("it is "+c.code)
		r.Category, r.Retry, r.Parse = parsers.CategoryServer, parsers.RetryYes, c.parse
	}
	return r
}

func or(text, standard string) string {
	if text == "" {
		return standard
	}
	return text
}

// rules decodes the text of a rules file that has only `rules:`.
func rules(t testing.TB, text string) *File {
	t.Helper()
	f, err := Decode("rules.yaml", []byte(text))
	require.NoError(t, err)
	return f
}
