package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// poll is how often a condition is looked at.
const poll = 50 * time.Millisecond

// errHopeless is an error of a condition that will not come true any more.
var errHopeless = errors.New("there is no use in waiting")

// eventually waits until cond holds. An error of cond's counts as "not yet" and is shown when the time is up:
// what is asked may be down just now.
func eventually(ctx context.Context, limit time.Duration, what string, cond func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %s: %s", limit, what))
	defer cancel()
	for {
		attempt, done := context.WithTimeout(ctx, 5*time.Second)
		ok, err := cond(attempt)
		done()
		if ok && err == nil {
			return nil
		}
		if errors.Is(err, errHopeless) {
			return err
		}
		if pause(ctx, poll) != nil {
			if err != nil {
				return fmt.Errorf("%w (last: %w)", context.Cause(ctx), err)
			}
			return context.Cause(ctx)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
