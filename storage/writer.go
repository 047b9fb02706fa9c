package storage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go"
)

// Grant is the permission to insert one block once. Package pipeline obtains it by a fenced commit.
type Grant struct {
	ID       string    // query_id of the insert; new for every attempt
	Date     time.Time // its UTC day becomes block_date; the same for every attempt
	Deadline time.Time // in the server's time, whole seconds; the table rejects the block from then on
}

// check refuses a grant that states too little, or a day that the table cannot hold.
func (g Grant) check() error {
	day := g.Date.UTC().Unix() / secondsPerDay
	switch {
	case g.ID == "":
		return errors.New("the grant has no id")
	case day <= 0 || day > math.MaxUint16:
		return fmt.Errorf("the grant's day is %s", g.Date.UTC().Format(time.DateOnly))
	}
	return nil
}

// Writer inserts blocks over one connection of its own, which it opens when it is needed and gives up
// after an error. It is not safe for concurrent use.
type Writer struct {
	options Options
	client  *ch.Client // nil = not connected
	conn    net.Conn   // of client
	addr    string     // of conn, or of the last attempt to connect
	query   string
}

// NewWriter returns a writer that is not connected yet.
func NewWriter(o Options) *Writer { return &Writer{options: o} }

// insertSettings go with every insert. They are not marked important, so that a server ignores those
// it does not know. Deduplication is off because errors in it lose acknowledged inserts; squashing is
// off because the block is one part as it is; an INSERT whose client falls silent ends by
// receive_timeout, before anyone waits for it for long.
func insertSettings() []ch.Setting {
	settings := map[string]string{
		"async_insert":                     "0",
		"deduplicate_insert":               "disable",
		"insert_deduplicate":               "0",
		"materialized_views_ignore_errors": "0",
		"max_execution_time":               "0",
		"max_insert_threads":               "1",
		"min_insert_block_size_rows":       "0",
		"min_insert_block_size_bytes":      "0",
		"receive_timeout":                  "10",
	}
	list := make([]ch.Setting, 0, len(settings))
	for key, value := range settings {
		list = append(list, ch.Setting{Key: key, Value: value})
	}
	slices.SortFunc(list, func(a, b ch.Setting) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// Insert writes the block once, in one piece, under the grant. It returns nil only when the server has
// acknowledged it; every other outcome is an *InsertError. It never tries again.
//
// The context's deadline is not told to the server. When the context ends, the connection is cut
// without a cancel message and the outcome is ambiguous: let a running insert finish where time allows.
func (w *Writer) Insert(ctx context.Context, b *Block, g Grant) error {
	if err := g.check(); err != nil {
		return &InsertError{ID: g.ID, Class: Configuration, Err: err}
	}
	if b.Rows() == 0 {
		return &InsertError{ID: g.ID, Class: Configuration, Err: errors.New("the block is empty")}
	}
	if err := w.connect(ctx); err != nil {
		e := &InsertError{ID: g.ID, Code: codeOf(err), Err: err}
		e.classifyUnsent(err)
		return e
	}
	b.fillGuard(g)
	if w.query == "" {
		w.query = b.input.Into("responses")
	}
	stop := cutWhenDone(ctx, w.conn)
	err := w.client.Do(context.WithoutCancel(ctx), ch.Query{Body: w.query, QueryID: g.ID, Input: b.input})
	if wasCut := !stop(); wasCut || err != nil {
		w.disconnect()
	}
	if err != nil {
		return w.insertError(ctx, g, err)
	}
	return nil
}

// cutWhenDone closes the connection when the context ends.
func cutWhenDone(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		_ = conn.Close() //nolint:errcheck // the connection is given up, however closing goes
	})
}

func (w *Writer) insertError(ctx context.Context, g Grant, err error) *InsertError {
	e := &InsertError{ID: g.ID, Addr: w.addr, Code: codeOf(err)}
	e.classify(err)
	e.Err = w.options.explain(err)
	if ctx.Err() != nil {
		e.Err = fmt.Errorf("cut short: %w", context.Cause(ctx))
	}
	return e
}

// connect makes sure of a connection that works: an insert into one that broke while it was idle would
// be ambiguous for nothing. It tries the addresses in order.
func (w *Writer) connect(ctx context.Context) error {
	if w.isAlive(ctx) {
		return nil
	}
	w.disconnect()
	var errs []error
	for _, addr := range w.options.Addr {
		err := w.connectTo(ctx, addr)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return w.options.explain(errors.Join(errs...))
}

func (w *Writer) isAlive(ctx context.Context) bool {
	if w.client == nil || w.client.IsClosed() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, w.options.dialTimeout())
	defer cancel()
	return w.client.Ping(ctx) == nil
}

func (w *Writer) connectTo(ctx context.Context, addr string) error {
	conn, err := w.options.dial(ctx, addr)
	if err != nil {
		return err
	}
	w.addr = addr
	return w.adopt(ctx, conn, compressionTo(conn.RemoteAddr()))
}

// adopt shakes hands over conn and inserts through it from now on.
func (w *Writer) adopt(ctx context.Context, conn net.Conn, compression ch.Compression) error {
	stop := cutWhenDone(ctx, conn)
	defer stop()
	client, err := ch.Connect(ctx, &lastWord{Conn: conn, patience: w.options.dialTimeout()}, ch.Options{
		Database:         w.options.database(),
		User:             w.options.user(),
		Password:         w.options.Password,
		ClientName:       "errata",
		Compression:      compression,
		Settings:         insertSettings(),
		ReadTimeout:      ch.NoTimeout, // keep-alive finds a peer that is gone; a slow insert is none
		HandshakeTimeout: w.options.dialTimeout(),
	})
	if err != nil {
		return closeAfter(conn, err)
	}
	w.client, w.conn = client, conn
	return nil
}

func (w *Writer) disconnect() {
	if w.client != nil {
		_ = w.client.Close() //nolint:errcheck // the connection is given up, however closing goes
	}
	w.client, w.conn = nil, nil
}

// Close ends the connection. The writer may be used again: it then connects anew.
func (w *Writer) Close() error {
	if w.client == nil {
		return nil
	}
	err := w.client.Close()
	w.client, w.conn = nil, nil
	if err != nil && !errors.Is(err, ch.ErrClosed) {
		return fmt.Errorf("close writer: %w", err)
	}
	return nil
}

// compressionTo spares the compression of blocks for a server on the same machine: there it costs an error
// 0.8 µs and saves nothing. Across a network LZ4 makes a third of the bytes out of them.
func compressionTo(peer net.Addr) ch.Compression {
	if tcp, ok := peer.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return ch.CompressionDisabled
	}
	return ch.CompressionLZ4
}
