package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/errata-dev/errata/storage"
)

// Bounds of the pause that a table with too many parts is given between two inserts.
const (
	firstPace = time.Second
	slowPace  = 30 * time.Second
)

// pace spaces inserts out while the table has too many parts: its merges catch up only if fewer and larger
// blocks come. The zero value does not wait.
type pace struct {
	pause time.Duration
	last  time.Time // when the last insert ended
}

// wait waits until the next insert may begin, or returns false when ctx ends.
func (p *pace) wait(ctx context.Context) bool {
	if left := time.Until(p.last.Add(p.pause)); left > 0 {
		return pause(ctx, left)
	}
	return true
}

// learn hears how an insert ended: the pause doubles each time the table complains and halves each time it
// does not.
func (p *pace) learn(err error) {
	p.last = time.Now()
	var insert *storage.InsertError
	switch {
	case errors.As(err, &insert) && insert.Throttle:
		p.pause = min(max(firstPace, 2*p.pause), slowPace)
	case err == nil:
		if p.pause /= 2; p.pause < firstPace {
			p.pause = 0
		}
	}
}
