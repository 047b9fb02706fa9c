package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/errata-dev/errata/internal/embedded"
)

// engine is the ClickHouse of one trial: the embedded one on a directory of its own, which survives its end.
type engine struct {
	server *embedded.Engine
	line   *timeline
	url    string // with the password
	conn   driver.Conn
}

func openEngine(ctx context.Context, line *timeline, dir string) (_ *engine, err error) {
	server, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: filepath.Join(dir, "clickhouse")})
	if err != nil {
		return nil, err
	}
	e := &engine{server: server, line: line, url: server.URL()}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	o, err := clickhouse.ParseDSN(e.url)
	if err != nil {
		return nil, fmt.Errorf("ClickHouse address: %w", err)
	}
	o.ReadTimeout = 20 * time.Second
	if e.conn, err = clickhouse.Open(o); err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	line.note("ClickHouse started, pid %d", server.Pid())
	return e, nil
}

// throughURL is the same server reached at another address.
func (e *engine) throughURL(addr string) (string, error) {
	u, err := url.Parse(e.url)
	if err != nil {
		return "", fmt.Errorf("ClickHouse address: %w", err)
	}
	u.Host = addr
	return u.String(), nil
}

func (e *engine) signal(s syscall.Signal) error {
	e.line.note("ClickHouse (pid %d): %s", e.server.Pid(), signalName(s))
	if err := syscall.Kill(e.server.Pid(), s); err != nil {
		return fmt.Errorf("signal ClickHouse: %w", err)
	}
	return nil
}

// restart starts ClickHouse anew after its end, at the same address.
func (e *engine) restart(ctx context.Context) error {
	if err := e.server.Ensure(ctx); err != nil {
		return fmt.Errorf("restart ClickHouse: %w", err)
	}
	if e.server.URL() != e.url {
		return errors.New("restart ClickHouse: another program has taken its port")
	}
	e.line.note("ClickHouse started, pid %d", e.server.Pid())
	return nil
}

func (e *engine) exec(ctx context.Context, statement string) error {
	e.line.note("ClickHouse: %s", statement)
	if err := e.conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// close ends ClickHouse; what it holds is not needed any more, or is evidence that survives a kill.
func (e *engine) close() error {
	var faults []error
	if e.conn != nil {
		faults = append(faults, e.conn.Close())
	}
	pid := e.server.Pid()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		faults = append(faults, fmt.Errorf("end ClickHouse: %w", err))
	}
	return errors.Join(append(faults, e.server.Close())...)
}
