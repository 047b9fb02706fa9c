// Package embedded gives errata a Kafka broker and a ClickHouse when the operator names none: the broker runs in the process, the
// ClickHouse is a process of its own that all commands on one data directory share. Both are reached over their real wire protocols.
//
// It refuses to listen on anything but loopback, to open a data directory that errata did not make or that a newer engine wrote, and
// to load an engine whose checksum differs from the pinned one.
//
// The engine is the current binary executed anew: every main function, and TestMain of every package that opens an engine, calls
// [MaybeRunEngine] first.
package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// What an OpenClickHouse error can be, for errors.Is.
var (
	// ErrUnavailable: no engine can be had on this machine or in this build. The text says what to do.
	ErrUnavailable = errors.New("no embedded ClickHouse")
	// ErrNewerData: the data directory was written by a newer engine or a newer errata.
	ErrNewerData = errors.New("data directory is newer than this engine")
	// ErrForeignData: the data directory holds something that errata did not make.
	ErrForeignData = errors.New("data directory was not made by errata")
)

// UnavailableError says why no engine can be had. It matches ErrUnavailable.
type UnavailableError struct {
	Reason string // a clause, e.g. "npm is not on PATH"
	Err    error  // the cause, or nil
}

// Error tells the reason and the ways out.
func (e *UnavailableError) Error() string {
	text := "no embedded ClickHouse: " + e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text + "; put a `clickhouse` binary (" + oldestBinary + " or newer) on PATH, pass --clickhouse URL, or run `docker compose up`"
}

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Is makes every UnavailableError match ErrUnavailable.
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

// oldestBinary is the oldest release whose `clickhouse local` knows SYSTEM START LISTEN.
const oldestBinary = "26.6"

// Stage is what OpenClickHouse is busy with.
type Stage string

// The stages, in the order in which they occur. A second start has only StageStart, a running engine none.
const (
	StageWait     Stage = "wait"     // another process is fetching
	StageDownload Stage = "download" // npm is at work
	StageVerify   Stage = "verify"
	StageUnpack   Stage = "unpack"
	StageStart    Stage = "start"
)

// Progress is one report of OpenClickHouse.
type Progress struct {
	Stage Stage
	Done  int64 // bytes
	Total int64 // bytes; 0 = not known
}

// DefaultIdleTimeout is how long an engine outlives its last client when Options does not say.
const DefaultIdleTimeout = 10 * time.Second

// Options say which engine to open.
type Options struct {
	// DataDir belongs to errata: absent, empty, or made by an earlier OpenClickHouse.
	DataDir string
	// CacheDir holds the fetched engine. Default: $ERRATA_CACHE_DIR, else errata below the user's cache directory.
	CacheDir string
	// IdleTimeout is how long the engine outlives its last client; 0 = DefaultIdleTimeout. The client that starts it decides.
	IdleTimeout time.Duration
	// Progress, if set, is called from the goroutine of OpenClickHouse.
	Progress func(Progress)
}

// cacheRoot is where what can be fetched again is kept.
func cacheRoot(o Options) (string, error) {
	if o.CacheDir != "" {
		return filepath.Abs(o.CacheDir)
	}
	if dir := os.Getenv("ERRATA_CACHE_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory (set ERRATA_CACHE_DIR): %w", err)
	}
	return filepath.Join(dir, "errata"), nil
}
