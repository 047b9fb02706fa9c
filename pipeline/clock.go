package pipeline

import (
	"context"
	"fmt"
	"time"
)

// ServerClock is what a ReadBack may offer besides: the clock that judges deadlines.
type ServerClock interface {
	ServerTime(ctx context.Context) (time.Time, error)
}

// serverTime asks the table's server what time it is, and remembers how far this process is off. When
// the ReadBack cannot tell, this process's clock has to do.
func (i *Ingester) serverTime(ctx context.Context) (time.Time, error) {
	clock, ok := i.back.(ServerClock)
	if !ok {
		return time.Now(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, readBackTimeout)
	defer cancel()
	now, err := clock.ServerTime(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("server time: %w", err)
	}
	i.skew.Store(int64(time.Until(now)))
	return now, nil
}

// now is about what the server's clock shows.
func (i *Ingester) now() time.Time { return time.Now().Add(time.Duration(i.skew.Load())).UTC() }
