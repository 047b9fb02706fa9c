package pipeline

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/storage"
)

// said keeps the messages of a log.
type said struct {
	mu       sync.Mutex
	messages []string
}

// Run implements zerolog.Hook.
func (s *said) Run(_ *zerolog.Event, _ zerolog.Level, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, message)
}

func (s *said) times(message string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m == message {
			n++
		}
	}
	return n
}

// startHeard runs an ingester whose log is listened to.
func startHeard(t *testing.T, o Options, table *table) (*said, func()) {
	t.Helper()
	log := &said{}
	i, err := New(o, fakeParser{}, table, table, zerolog.New(zerolog.NewTestWriter(t)).Hook(log), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	stop := sync.OnceFunc(func() { cancel(); require.NoError(t, <-ended) })
	t.Cleanup(stop)
	return log, stop
}

// Who reads the log hears that an outage of ClickHouse is over, and hears it once.
func TestTheLogSaysThatInsertsSucceedAgain(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	table := newTable()
	table.insert = func(_ context.Context, n int, _ []rowKey) (int, error) {
		if n <= 3 {
			return 0, &storage.InsertError{Class: storage.Later, Err: errLost}
		}
		return -1, nil
	}
	log, stop := startHeard(t, quick(c), table)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 10 })
	produce(t, c, 1, 10)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 20 })
	stop()
	require.Equal(t, 1, log.times("insert failed, trying again in place"))
	require.Equal(t, 1, log.times("inserts succeed again"))
}

// An insert that the end cuts short is not tried again in place, nor is a group joined again: the log says neither.
func TestTheLogOfAnEndThatCutsAnInsertShort(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	table, o := newTable(), quick(c)
	o.DrainTimeout, o.GrantTTL = 100*time.Millisecond, patience
	begun := make(chan struct{})
	table.insert = func(ctx context.Context, _ int, _ []rowKey) (int, error) {
		close(begun)
		<-ctx.Done()
		return 0, ctx.Err()
	}
	log, stop := startHeard(t, o, table)
	<-begun
	stop()
	require.Equal(t, 1, log.times("left a block undelivered, its next owner reads it again"))
	require.Zero(t, log.times("insert failed, trying again in place"))
	require.Zero(t, log.times("stopped delivering, joining the group again"))
}
