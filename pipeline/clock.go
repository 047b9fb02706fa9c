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

// clockReading is what the server's clock showed, and when that was, by this process's monotonic clock:
// nobody can set that one back.
type clockReading struct {
	server time.Time
	read   time.Time
}

// serverTime asks the table's server what time it is. When the ReadBack cannot tell, this process's clock
// has to do.
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
	i.clock.Store(&clockReading{now, time.Now()})
	return now, nil
}

// now is about what the server's clock shows, by its last reading.
func (i *Ingester) now() time.Time {
	last := i.clock.Load()
	if last == nil {
		return time.Now().UTC()
	}
	return last.server.Add(time.Since(last.read)).UTC()
}

// clockInterval is how often the server's clock is read without need, so that a jump of it is noticed.
const clockInterval = 5 * time.Second

// follow reads the server's clock now and then until ctx ends. A failure changes nothing; whoever needs
// the server meets it as well, and says so.
func (i *Ingester) follow(ctx context.Context) {
	for pause(ctx, clockInterval) {
		if _, err := i.serverTime(ctx); err != nil {
			i.log.Debug().Err(err).Msg("cannot read the server's clock")
		}
	}
}
