package pipeline

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/storage"
)

// The partitions move while the outcome of an insert is not known. Its rows arrive late: whoever owns the
// partitions then must not have read back before.
func TestPartitionsDoNotMoveWhileAnInsertIsInDoubt(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	o := quick(c)
	o.GrantTTL = time.Second
	table := newTable()
	failed := make(chan struct{})
	var late atomic.Bool
	table.insert = func(_ context.Context, n int, rows []rowKey) (int, error) {
		if n > 1 {
			return -1, nil
		}
		time.AfterFunc(o.GrantTTL-200*time.Millisecond, func() {
			table.mu.Lock()
			defer table.mu.Unlock()
			for _, row := range rows {
				table.rows[row]++
			}
			late.Store(true)
		})
		close(failed)
		return 0, errLost
	}
	i := start(t, o, table)
	<-failed
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: 1})
	eventually(t, "committed", func() bool { return late.Load() && committed(t, c, 0) == 100 })
	i.stop()
	table.exactly(t, 1, 100)
}

// A topic that was deleted and created again has lost its commits, and its records have the offsets of
// others that the table holds: they would be skipped as if they were there.
func TestARecreatedTopicHalts(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	table := newTable()
	for offset := range int64(50) {
		table.rows[rowKey{0, offset}] = 1
	}
	i := start(t, quick(c), table)
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "rows up to the offset 49") })
	i.stop()
	require.Zero(t, i.Stats().Skipped)
}

// Starting at the latest record is for partitions that were never read. When only the commit is gone,
// what was produced since the last row must not be passed over.
func TestStartAtTheLatestRecordWithoutACommitButWithRows(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 1, 20)
	table := newTable()
	for offset := range int64(5) {
		table.rows[rowKey{0, 5 + offset}] = 1
	}
	o := quick(c)
	o.StartAt = StartLatest
	i := start(t, o, table)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 20 })
	i.stop()
	require.Equal(t, 15, table.count(), "offsets 5 to 19")
}

// Records that are deleted before the first insert has succeeded are a gap too.
func TestTheStartIsCommitted(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	table := newTable()
	var broken atomic.Bool
	broken.Store(true)
	table.insert = func(context.Context, int, []rowKey) (int, error) {
		if broken.Load() {
			return 0, &storage.InsertError{Err: errLost}
		}
		return -1, nil
	}
	o := quick(c)
	o.DrainTimeout = 200 * time.Millisecond
	i := start(t, o, table)
	eventually(t, "inserts fail", func() bool { return i.Stats().InsertErrors > 1 })
	i.stop()
	require.NoError(t, c.DeleteRecords(testTopic, 0, 40))
	broken.Store(false)
	i = start(t, o, table)
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "[0, 40) were deleted") })
}

// watchful is a table that knows of running inserts.
type watchful struct {
	*table
	running atomic.Pointer[[]string]
	err     error
	asked   chan string
}

func (w *watchful) RunningInserts(_ context.Context, prefix string) ([]string, error) {
	select {
	case w.asked <- prefix:
	default:
	}
	if ids := w.running.Load(); ids != nil {
		return *ids, w.err
	}
	return nil, w.err
}

// A killed predecessor's insert is waited for, whichever instance of the group it was.
func TestARunningInsertIsWaitedForAtTakeover(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	w := &watchful{table: newTable(), asked: make(chan string, 1)}
	w.running.Store(&[]string{"errata:errata:PREDECESSOR:7"})
	i := startOver(t, quick(c), w.table, w)
	require.Equal(t, "errata:errata:", <-w.asked)
	<-w.asked
	<-w.asked // it asks again and again
	ready, reason := i.Ready()
	require.False(t, ready)
	require.Contains(t, reason, "where to start")
	require.Zero(t, w.count())
	for offset := range int64(10) {
		w.mu.Lock()
		w.rows[rowKey{0, offset}]++ // it lands
		w.mu.Unlock()
	}
	w.running.Store(nil)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 })
	i.stop()
	w.exactly(t, 1, 10)
	require.EqualValues(t, 10, i.Stats().Skipped)
}

func TestNotSeeingRunningInsertsIsNoFailure(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	w := &watchful{table: newTable(), err: fmt.Errorf("refused: %w", storage.ErrAuthentication)}
	i := startOver(t, quick(c), w.table, w)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 })
	require.True(t, i.blind.Load())
	i.stop()
}
