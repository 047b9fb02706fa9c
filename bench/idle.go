package main

import (
	"context"
	"time"
)

// idleTime is how long the engine is watched doing nothing.
const idleTime = time.Second

// measureIdle returns the CPU time, in milliseconds a second, that the engine uses for itself: it is in every
// figure of the engine.
func measureIdle(ctx context.Context, b *bench) (float64, error) {
	m, err := newMeter(b.engine.server.Pid())
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, idleTime); err != nil {
		return 0, err
	}
	used, err := m.used()
	return float64(used) / float64(time.Millisecond) / idleTime.Seconds(), err
}
