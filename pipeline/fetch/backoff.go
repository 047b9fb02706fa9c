package fetch

import (
	"context"
	"math/rand/v2"
	"time"
)

// firstBackoff is about how long the first pause of a retried operation is.
const firstBackoff = 100 * time.Millisecond

// backoff returns the pause after the n-th failure in a row (n >= 1): doubling up to limit, with the
// upper half random so that a fleet does not return in step.
func backoff(n int, limit time.Duration) time.Duration {
	pause := limit
	if n < 20 {
		pause = min(limit, firstBackoff<<(n-1))
	}
	return pause/2 + rand.N(pause/2+1)
}

// pause waits, or returns early when ctx ends or wake is signalled.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}
