//go:build !noembedded && (linux || darwin)

package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// specEnv carries the spec to a process that is to be the engine.
const specEnv = "ERRATA_ENGINE_SPEC"

// How an engine process ends.
const (
	exitEnded     = 0
	exitFailed    = 1
	exitOther     = 3 // another engine has the data directory
	exitPortTaken = 4
)

// stopTimeout is what ClickHouse gets to finish before it is abandoned; its files survive that.
const stopTimeout = 30 * time.Second

// spec says what an engine process runs.
type spec struct {
	Dir     string        `json:"dir"`
	Library string        `json:"library,omitempty"` // this, or
	Binary  string        `json:"binary,omitempty"`
	Idle    time.Duration `json:"idle_ns"`

	LogOffset int64 `json:"log_offset"` // where its part of the log begins
}

func (s spec) environment() ([]string, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("start engine: %w", err)
	}
	return append(os.Environ(), specEnv+"="+string(raw)), nil
}

// MaybeRunEngine turns a process that OpenClickHouse started into the engine, and never returns in it. In all others it does nothing.
func MaybeRunEngine() {
	raw, ok := os.LookupEnv(specEnv)
	if !ok {
		return
	}
	code, err := runEngine(raw)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s engine: %v\n", time.Now().UTC().Format(time.RFC3339), err)
	}
	os.Exit(code)
}

func runEngine(raw string) (exitCode int, err error) {
	if err := os.Unsetenv(specEnv); err != nil { // processes below this one are no engines
		return exitFailed, fmt.Errorf("environment: %w", err)
	}
	var s spec
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return exitFailed, fmt.Errorf("%s: %w", specEnv, err)
	}
	l := layout(s.Dir)
	lock, err := takeLock(l.engineLock())
	if err != nil {
		return exitOther, fmt.Errorf("another engine runs on %s: %w", l, err)
	}
	defer lock.Close() //nolint:errcheck // the process ends with it
	e := supervisor{spec: s, layout: l, lock: lock, clients: flock.New(l.clientsLock(), flock.SetPermissions(0o600))}
	return e.run()
}

// takeLock takes an exclusive lock that lives as long as the file it returns, or a process that inherits it: a ClickHouse in a
// process of its own so keeps the engine lock even when its supervisor has been killed, which a flock.Flock could not do.
func takeLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, lockError(path, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(lockError(path, err), file.Close())
	}
	return file, nil
}

// supervisor runs one ClickHouse until its last client has gone.
type supervisor struct {
	spec    spec
	layout  layout
	lock    *os.File
	clients *flock.Flock
	address address
}

// run chooses an address and serves there.
func (s *supervisor) run() (exitCode int, err error) {
	if s.address, err = newAddress(s.layout); err != nil {
		return exitFailed, err
	}
	return s.serve()
}

// serve starts ClickHouse, publishes its address and waits for its end.
func (s *supervisor) serve() (exitCode int, err error) {
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP)
	if err := writeConfig(s.layout, s.address); err != nil {
		return exitFailed, err
	}
	if err := os.Remove(s.layout.address()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return exitFailed, fmt.Errorf("remove stale address: %w", err)
	}
	clickhouse, err := s.launch()
	if err != nil {
		return exitFailed, err
	}
	s.address.Pid = clickhouse.pid
	if err := s.publish(clickhouse); err != nil {
		code := exitFailed
		if errors.Is(err, errPortTaken) {
			code = exitPortTaken
		}
		return code, errors.Join(err, clickhouse.end())
	}
	return s.watch(clickhouse, terminate)
}

// statements are what `clickhouse local` runs before it waits at its prompt.
const statements = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP"

// launch starts ClickHouse at an interactive prompt on a terminal of our own, and not only because its end is then the terminal's
// end: releases up to 26.8 abort on any network error of any client, such as a wrong password, unless they are interactive
// (ClickHouse issue 115666).
func (s *supervisor) launch() (*server, error) {
	args := []string{
		"--config-file=" + s.layout.config(),
		"--interactive", "--progress=off", "--highlight=0", "--disable_suggestion", "--history_file=/dev/null",
		"--query", statements,
	}
	if s.spec.Binary != "" {
		return launchBinary(s.spec.Binary, args, s.lock)
	}
	return launchLibrary(s.spec.Library, args)
}

var errPortTaken = errors.New("another program has taken the port")

// publish waits until ClickHouse answers, makes the database and writes the address file.
func (s *supervisor) publish(clickhouse *server) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for s.address.Version == "" {
		select {
		case err := <-clickhouse.done:
			clickhouse.done = nil
			return errors.Join(errors.New("ClickHouse ended at its start"), err)
		case <-ctx.Done():
			return fmt.Errorf("ClickHouse does not answer: %w", ctx.Err())
		case <-time.After(pollInterval):
		}
		attempt, cancel := context.WithTimeout(ctx, time.Second) // who has taken the port may keep silent
		v, err := s.address.query(attempt, "SELECT version()")
		cancel()
		if err == nil {
			s.address.Version = v
		} else if s.portTaken() {
			return errPortTaken
		}
	}
	if _, err := s.address.query(ctx, "CREATE DATABASE IF NOT EXISTS "+databaseName); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return writeJSON(s.layout.address(), s.address)
}

// portTaken looks for the complaint in what ClickHouse has written so far: it does not end over it.
func (s *supervisor) portTaken() bool {
	raw, err := os.ReadFile(s.layout.log())
	return err == nil && int64(len(raw)) > s.spec.LogOffset && bytes.Contains(raw[s.spec.LogOffset:], []byte("Address already in use"))
}

// watch ends ClickHouse when it has had no client for the idle time, when it is told to, or when its data directory has gone.
func (s *supervisor) watch(clickhouse *server, terminate <-chan os.Signal) (exitCode int, err error) {
	ticker := time.NewTicker(min(max(s.spec.Idle/10, 10*time.Millisecond), 500*time.Millisecond))
	defer ticker.Stop()
	for lastSeen := time.Now(); ; {
		select {
		case err := <-clickhouse.done:
			return exitFailed, errors.Join(errors.New("ClickHouse ended unasked"), err, s.withdraw())
		case <-terminate:
			return exitEnded, errors.Join(s.withdraw(), clickhouse.end())
		case now := <-ticker.C:
			if !s.published() {
				return exitEnded, errors.Join(errors.New("the address file has gone"), clickhouse.end())
			}
			alone, err := s.aloneFor(now.Sub(lastSeen))
			if err != nil {
				return exitFailed, errors.Join(err, s.withdraw(), clickhouse.end())
			}
			switch alone {
			case clientsThere:
				lastSeen = now
			case aloneTooLong:
				return exitEnded, clickhouse.end()
			}
		}
	}
}

type solitude int

const (
	clientsThere solitude = iota
	aloneForNow
	aloneTooLong // the address has been withdrawn
)

// aloneFor looks for clients. Once there have been none for the idle time it withdraws the address while no client can come.
func (s *supervisor) aloneFor(idle time.Duration) (solitude, error) {
	alone, err := s.clients.TryLock()
	if err != nil {
		return clientsThere, fmt.Errorf("clients lock: %w", err)
	}
	if !alone {
		return clientsThere, nil
	}
	result := aloneForNow
	if idle >= s.spec.Idle {
		result, err = aloneTooLong, s.withdraw()
	}
	return result, errors.Join(err, s.clients.Close())
}

// published tells whether the address file is still this engine's.
func (s *supervisor) published() bool {
	var a address
	return readJSON(s.layout.address(), &a) == nil && a == s.address
}

func (s *supervisor) withdraw() error {
	if !s.published() {
		return nil
	}
	if err := os.Remove(s.layout.address()); err != nil {
		return fmt.Errorf("withdraw address: %w", err)
	}
	return nil
}
