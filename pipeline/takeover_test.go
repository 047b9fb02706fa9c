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

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// The partitions move while the outcome of an insert is not known. Its rows arrive late: whoever owns the
// partitions then finds the grant and waits for its end.
func TestPartitionsMoveWhileAnInsertIsInDoubt(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	table := newTable()
	var broken atomic.Bool
	broken.Store(true)
	table.insert = func(context.Context, int, []rowKey) (int, error) {
		if broken.Load() {
			return 0, &storage.InsertError{Addr: "db:9000", Class: storage.Later, Err: errLost}
		}
		return -1, nil
	}
	o := quick(c)
	o.DrainTimeout, o.GrantTTL = 200*time.Millisecond, time.Second
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

// A killed predecessor's insert is waited for until it has ended, while other partitions go on.
func TestARunningInsertIsWaitedForAtTakeover(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 2, 10)
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() - 5}
	commitNote(t, c, 0, grant.Note{Grant: left, Open: true})
	commitNote(t, c, 1, grant.Note{}) // one that nobody has read yet would wait as well
	w := &watchful{table: newTable(), asked: make(chan string, 1)}
	w.running.Store(&[]string{left.Insert})
	i := startOver(t, quick(c), w.table, w)
	require.Equal(t, left.Insert, <-w.asked)
	<-w.asked
	<-w.asked // it asks again and again
	eventually(t, "the other partition goes on", func() bool { return committed(t, c, 1) == 10 })
	require.Equal(t, 10, w.count())
	for offset := range int64(10) {
		w.mu.Lock()
		w.rows[rowKey{0, offset}]++ // it lands
		w.mu.Unlock()
	}
	w.running.Store(nil)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 })
	i.stop()
	w.exactly(t, 2, 10)
	require.EqualValues(t, 10, i.Stats().Records)
}

// What a predecessor was granted and did not insert is inserted when its grant has expired.
func TestAGrantThatWasNotUsedIsWaitedFor(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 20)
	deadline := time.Now().Unix() + 1
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: deadline}
	commitNote(t, c, 0, grant.Note{Grant: left, Open: true})
	table := newTable()
	table.insert = func(context.Context, int, []rowKey) (int, error) {
		if time.Now().Unix() <= deadline {
			t.Error("inserted what another may insert")
		}
		return -1, nil
	}
	i := start(t, quick(c), table)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 20 })
	i.stop()
	table.exactly(t, 1, 20)
}

// A grant of a newer version is not understood, and so not touched.
func TestANoteOfANewerVersionHalts(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 20)
	commitText(t, c, 0, "errata/9 something=else")
	i := start(t, quick(c), newTable())
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "newer version of errata") })
}

// commitNote leaves a note beside the offset 0 of a partition, as a member that was killed would.
func commitNote(t *testing.T, c *kfake.Cluster, partition int32, note grant.Note) {
	t.Helper()
	commitText(t, c, partition, note.String())
}

func commitText(t *testing.T, c *kfake.Cluster, partition int32, note string) {
	t.Helper()
	b := endpoint{brokers: c.ListenAddrs(), timeout: patience}.open()
	defer b.close()
	_, err := b.commit(t.Context(), member{"errata", -1, ""}, map[tp]entry{{Topic: testTopic, ID: partition}: {0, note}})
	require.NoError(t, err)
}

// Whoever may not see running inserts waits longer instead.
func TestNotSeeingRunningInsertsIsNoFailure(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	deadline := time.Now().Add(3*time.Second - insertPatience).Unix()
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: deadline}
	commitNote(t, c, 0, grant.Note{Grant: left, Open: true})
	w := &watchful{table: newTable(), err: fmt.Errorf("refused: %w", storage.ErrAuthentication)}
	w.insert = func(context.Context, int, []rowKey) (int, error) {
		if time.Now().Before(time.Unix(deadline, 0).Add(insertPatience)) {
			t.Error("inserted what another may be inserting")
		}
		return -1, nil
	}
	i := startOver(t, quick(c), w.table, w)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 })
	require.True(t, i.blind.Load())
	i.stop()
	w.exactly(t, 1, 10)
}

// witness is a table that knows the checksums of its rows.
type witness struct {
	*table
	sum uint32
}

func (w *witness) Checksums(_ context.Context, _ string, at []storage.Position) ([]storage.Checksum, error) {
	var sums []storage.Checksum
	for _, p := range at {
		sums = append(sums, storage.Checksum{Position: p, Sum: w.sum})
	}
	return sums, nil
}

// A topic that was made anew and has grown past the rows of the old one looks like a group that has lost
// its offsets, except that its records are others.
func TestARecreatedTopicThatHasGrownHalts(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]struct {
		value   string // the record of the row that is compared
		skipped int64
		reason  string
	}{
		"another": {"s other", 0, "the topic was re-created"},
		"same":    {"s0", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, 1)
			produce(t, c, 1, 10)
			table := newTable()
			table.rows[rowKey{0, 0}] = 1
			i := startOver(t, quick(c), table, &witness{table, fetch.Checksum([]byte(f.value))})
			if f.reason == "" {
				eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 })
			}
			eventually(t, "halted or not", func() bool {
				ready, reason := i.Ready()
				return ready == (f.reason == "") && contains(reason, f.reason)
			})
			i.stop()
			require.Equal(t, f.skipped, i.Stats().Skipped)
		})
	}
}
