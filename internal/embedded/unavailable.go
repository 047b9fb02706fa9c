//go:build noembedded || !(linux || darwin)

package embedded

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Engine is one client's share of a running ClickHouse. There is none in this build.
type Engine struct {
	mu   sync.RWMutex
	addr address
}

// unavailable is what every way into the engine answers in this build.
type unavailable struct{}

func (unavailable) Error() string {
	return "no embedded ClickHouse in this build: pass --clickhouse URL"
}

func (unavailable) Is(target error) bool { return target == ErrUnavailable }

// MaybeRunEngine does nothing in this build: it has no engine.
func MaybeRunEngine() {}

// HasData lets every directory pass in this build: OpenClickHouse says what is missing.
func HasData(string) bool { return true }

// OpenClickHouse fails in this build.
func OpenClickHouse(context.Context, Options) (*Engine, error) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		return nil, &UnavailableError{Reason: fmt.Sprintf("there is no engine for %s/%s", runtime.GOOS, runtime.GOARCH)}
	}
	return nil, unavailable{}
}

// Ensure fails in this build.
func (*Engine) Ensure(context.Context) error { return unavailable{} }

// Close does nothing in this build.
func (*Engine) Close() error { return nil }
