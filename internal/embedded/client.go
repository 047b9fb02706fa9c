//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

const (
	startTimeout = 2 * time.Minute // for an engine to answer: loading the library from a slow disk, then many parts
	pingTimeout  = 5 * time.Second
	pollInterval = 10 * time.Millisecond
	maxStarts    = 3 // attempts, when another program takes the port in between
)

func (o Options) report(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

// Engine is one client's share of a running ClickHouse. Its methods may be called concurrently.
type Engine struct {
	mu     sync.RWMutex
	addr   address
	client *client
}

// client is one share of the engine of a data directory.
type client struct {
	options Options
	layout  layout
	share   *flock.Flock // held while this client wants the engine to live
}

// OpenClickHouse joins the engine of o.DataDir, starting (and at first use fetching) it when there is none. The caller closes it.
func OpenClickHouse(ctx context.Context, o Options) (*Engine, error) {
	if _, engine := os.LookupEnv(specEnv); engine {
		return nil, errors.New("open ClickHouse: this process was started to be the engine: call embedded.MaybeRunEngine first in main or TestMain")
	}
	l, err := prepare(o.DataDir)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = DefaultIdleTimeout
	}
	e := &Engine{client: &client{options: o, layout: l, share: flock.New(l.clientsLock(), flock.SetPermissions(0o600))}}
	if _, err := e.client.share.TryRLockContext(ctx, pollInterval); err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", lockError(l.clientsLock(), err))
	}
	if err := e.Ensure(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open ClickHouse: %w", err), e.Close())
	}
	return e, nil
}

// Ensure starts the engine anew if it has died. After a crash the URLs stay the same, unless another program has taken the ports.
func (e *Engine) Ensure(ctx context.Context) error {
	addr, err := e.client.attach(ctx)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.addr = addr
	return nil
}

// Close drops this client's share. The engine ends some time after the last one, and quickly if all connections have been closed.
// Calling it again does nothing.
func (e *Engine) Close() error {
	if err := e.client.share.Close(); err != nil {
		return fmt.Errorf("leave ClickHouse: %w", err)
	}
	return nil
}

// attach finds the running engine or starts one. Nobody else starts one meanwhile.
func (c *client) attach(ctx context.Context) (address, error) {
	start := flock.New(c.layout.startLock(), flock.SetPermissions(0o600))
	if _, err := start.TryLockContext(ctx, pollInterval); err != nil {
		return address{}, lockError(c.layout.startLock(), err)
	}
	addr, err := c.findOrStart(ctx)
	return addr, errors.Join(err, start.Close())
}

// findOrStart waits until an engine answers. An engine that holds the engine lock is starting, serving or ending; only when nobody
// holds it a new one is started.
func (c *client) findOrStart(ctx context.Context) (address, error) {
	var child *child
	defer func() { child.release() }()
	deadline := time.Now().Add(startTimeout)
	for starts := 0; ; {
		alive, err := engineAlive(c.layout)
		if err != nil {
			return address{}, err
		}
		if alive {
			if addr, err := c.running(ctx); err == nil {
				return addr, nil
			}
		} else if exited, code := child.exited(); exited {
			if child != nil && (code != exitPortTaken || starts == maxStarts) {
				return address{}, fmt.Errorf("the engine ended at its start: %s", child.lastWords(c.layout))
			}
			child.release()
			if child, err = c.start(ctx); err != nil {
				return address{}, err
			}
			starts++
			deadline = time.Now().Add(startTimeout) // a fetch may have come before
		}
		if err := pause(ctx, deadline); err != nil {
			return address{}, fmt.Errorf("wait for the engine (see %s): %w", c.layout.log(), err)
		}
	}
}

func pause(ctx context.Context, deadline time.Time) error {
	if time.Now().After(deadline) {
		return fmt.Errorf("no answer within %s", startTimeout)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pollInterval):
		return nil
	}
}

// engineAlive tells whether a process holds the engine lock. The caller holds the start lock, so nobody else probes it.
func engineAlive(l layout) (bool, error) {
	lock := flock.New(l.engineLock(), flock.SetPermissions(0o600))
	free, err := lock.TryRLock()
	if err := errors.Join(err, lock.Close()); err != nil {
		return false, lockError(l.engineLock(), err)
	}
	return !free, nil
}

// running reads the address file and makes sure that the engine answers to its password.
func (c *client) running(ctx context.Context) (address, error) {
	var addr address
	if err := readJSON(c.layout.address(), &addr); err != nil {
		return address{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if _, err := addr.query(ctx, "SELECT 1"); err != nil {
		return address{}, err
	}
	return addr, nil
}

// start launches an engine; it does not wait for it.
func (c *client) start(ctx context.Context) (*child, error) {
	b, err := locate(ctx, c.options)
	if err != nil {
		return nil, err
	}
	if err := c.layout.claim(b.version); err != nil {
		return nil, err
	}
	c.options.report(Progress{Stage: StageStart})
	return spawn(spec{Dir: string(c.layout), Library: b.library, Binary: b.binary, Idle: c.options.IdleTimeout}, c.layout)
}

// child is an engine process that this client has started. The nil child has exited.
type child struct {
	log    *os.File
	offset int64 // where its part of the log begins
	done   chan struct{}
	cmd    *exec.Cmd
}

// spawn executes this binary anew as an engine in a session of its own, so that a Ctrl-C meant for one command does not reach it.
func spawn(s spec, l layout) (*child, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start engine: %w", err)
	}
	log, offset, err := l.openLog()
	if err != nil {
		return nil, err
	}
	s.LogOffset = offset
	environment, err := s.environment()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	cmd := exec.Command(executable)
	if testing.Testing() {
		cmd.Args = append(cmd.Args, "-test.run=^$") // a TestMain that forgot MaybeRunEngine must not run its tests again
	}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = l.engine(), environment, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start engine: %w", err), log.Close())
	}
	c := &child{log: log, offset: offset, done: make(chan struct{}), cmd: cmd}
	go func() {
		_ = cmd.Wait() //nolint:errcheck // the exit code is in cmd.ProcessState; this goroutine ends with the engine or with this process
		close(c.done)
	}()
	return c, nil
}

func (c *child) exited() (exited bool, code int) {
	if c == nil {
		return true, 0
	}
	select {
	case <-c.done:
		return true, c.cmd.ProcessState.ExitCode()
	default:
		return false, 0
	}
}

// lastWords is the end of what the engine logged before it ended.
func (c *child) lastWords(l layout) string {
	raw, err := os.ReadFile(l.log())
	if err != nil || int64(len(raw)) < c.offset {
		return fmt.Sprintf("%v, see %s", c.cmd.ProcessState, l.log())
	}
	text := strings.TrimSpace(string(raw[c.offset:]))
	if len(text) > 1000 {
		text = "…" + text[len(text)-1000:]
	}
	return fmt.Sprintf("%v: %s", c.cmd.ProcessState, text)
}

func (c *child) release() {
	if c != nil {
		_ = c.log.Close() //nolint:errcheck // opened for the child's sake, nothing of ours is in it
	}
}

func lockError(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("lock %s (does the directory belong to another user?): %w", path, err)
	}
	return fmt.Errorf("lock %s: %w", filepath.Base(path), err)
}
