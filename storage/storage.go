// Package storage keeps rows in ClickHouse and answers questions about them: blocks in, answers out. It
// connects, migrates the schema, inserts blocks under a grant, reads back what is there, and asks the
// statements under queries/.
//
// It decides nothing about delivery: when to insert, whether to insert again and what is lost is
// package pipeline's business. It never retries an insert, and never pastes a value into SQL.
package storage

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// DB asks questions and changes the schema, over a pool of connections. It is safe for concurrent use.
type DB struct {
	conn      session
	options   Options
	replicate *replicate // how Migrate makes tables; nil = they do not replicate themselves
}

// Open connects, and checks that the server lets the user in. The database need not exist yet: then
// CheckSchema says so, and Migrate creates it. The errors are ErrUnreachable and ErrAuthentication.
func Open(ctx context.Context, o Options) (*DB, error) {
	conn, err := clickhouse.Open(o.pool())
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	db := &DB{conn: session{conn, o}, options: o}
	if err := db.ping(ctx); err != nil {
		return nil, closeAfter(conn, err)
	}
	return db, nil
}

// ping accepts a database that is missing: the server has been reached and knows the user.
func (db *DB) ping(ctx context.Context) error {
	err := db.conn.Ping(ctx)
	if code, _, ok := exceptionOf(err); ok && code == codeUnknownDatabase {
		return nil
	}
	return db.options.explain(err)
}

// Close ends the connections.
func (db *DB) Close() error {
	if err := db.conn.Close(); err != nil {
		return fmt.Errorf("close ClickHouse: %w", err)
	}
	return nil
}

// String names the database, without the password.
func (db *DB) String() string { return db.options.String() }

// ServerTime returns the server's clock. Deadlines of grants are in its time, never in ours.
func (db *DB) ServerTime(ctx context.Context) (time.Time, error) {
	var now time.Time
	if err := db.conn.QueryRow(ctx, "SELECT now64(6, 'UTC')").Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("server time: %w", db.options.explain(err))
	}
	return now, nil
}

// pool are the options of the query connections. They carry no settings: a user with readonly=1 may
// send none.
func (o Options) pool() *clickhouse.Options {
	return &clickhouse.Options{
		Addr:         o.Addr,
		Auth:         clickhouse.Auth{Database: o.database(), Username: o.user(), Password: o.Password},
		DialContext:  func(ctx context.Context, addr string) (net.Conn, error) { return o.dial(ctx, addr) },
		DialTimeout:  o.dialTimeout(),
		Compression:  &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		MaxOpenConns: o.maxConns(),
		MaxIdleConns: o.maxConns(),
		ClientInfo:   clickhouse.ClientInfo{Products: []struct{ Name, Version string }{{"errata", ""}}},
	}
}

func (o Options) maxConns() int {
	if o.MaxConns > 0 {
		return o.MaxConns
	}
	return 10
}

// session is a connection pool whose errors are explained and whose contexts keep their deadline to
// themselves: the driver turns a deadline into the setting max_execution_time, which a user with
// readonly=1 may not send and which would cancel an insert halfway. Cancellation still works.
type session struct {
	driver.Conn
	options Options
}

func (s session) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	rows, err := s.Conn.Query(undated{ctx}, query, args...)
	return rows, s.explain(ctx, err)
}

func (s session) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	return s.Conn.QueryRow(undated{ctx}, query, args...)
}

func (s session) Select(ctx context.Context, dest any, query string, args ...any) error {
	return s.explain(ctx, s.Conn.Select(undated{ctx}, dest, query, args...))
}

func (s session) Exec(ctx context.Context, query string, args ...any) error {
	return s.explain(ctx, s.Conn.Exec(undated{ctx}, query, args...))
}

// serverPatience is how long a statement may take for which the server rewrites parts before it answers.
const serverPatience = 24 * time.Hour

// execLong is Exec for such a statement. Only a deadline has the driver wait for an answer longer than it otherwise
// does, five minutes; it makes it a setting, too, so that the user must be one who may send settings.
func (s session) execLong(ctx context.Context, query string, args ...any) error {
	patient, cancel := context.WithTimeout(undated{ctx}, serverPatience)
	defer cancel()
	return s.explain(ctx, s.Conn.Exec(patient, query, args...))
}

func (s session) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	batch, err := s.Conn.PrepareBatch(undated{ctx}, query, opts...)
	return batch, s.explain(ctx, err)
}

// explain leaves an error alone that the caller's own context brought about.
func (s session) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return s.options.explain(err)
}

// closer is what closeAfter closes.
type closer interface{ Close() error }

// closeAfter gives up c because of err, which matters more than how closing went.
func closeAfter(c closer, err error) error {
	if closeErr := c.Close(); closeErr != nil {
		return fmt.Errorf("%w (and closing: %w)", err, closeErr)
	}
	return err
}
