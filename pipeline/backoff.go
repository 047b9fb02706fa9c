package pipeline

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"
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

// pause waits, or returns early with false when ctx ends.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// noisyInterval is how long a kind of warning stays silent after it was logged once.
const noisyInterval = 10 * time.Second

// quiet lets one line of each kind of repeated warning through in ten seconds and counts the rest.
type quiet struct {
	mu    sync.Mutex
	kinds map[string]*silence
}

type silence struct {
	until   time.Time
	skipped int
}

// warn starts a warning, or returns nil, which zerolog takes for "do not log".
func (q *quiet) warn(log zerolog.Logger, kind string) *zerolog.Event {
	skipped, ok := q.allow(kind, time.Now())
	if !ok {
		return nil
	}
	event := log.Warn()
	if skipped > 0 {
		event = event.Int("suppressed", skipped)
	}
	return event
}

// allow reports whether a line of the kind may be logged now and how many were not since the last.
func (q *quiet) allow(kind string, now time.Time) (skipped int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.kinds == nil {
		q.kinds = map[string]*silence{}
	}
	s := q.kinds[kind]
	if s == nil {
		s = &silence{}
		q.kinds[kind] = s
	}
	if now.Before(s.until) {
		s.skipped++
		return 0, false
	}
	skipped, s.skipped, s.until = s.skipped, 0, now.Add(noisyInterval)
	return skipped, true
}
