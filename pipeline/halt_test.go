package pipeline

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/storage"
)

// doubling is a table that reports its rows twice once it is told to.
type doubling struct {
	*table
	on atomic.Bool
}

func (d *doubling) Present(ctx context.Context, source string, from []storage.Position) ([]storage.Range, error) {
	found, err := d.table.Present(ctx, source, from)
	if d.on.Load() && len(found) > 0 {
		found[0].Surplus = 1
	}
	return found, err
}

// Of a block that is halved, what follows the part that has halted its partition is not inserted.
func TestHalvingStopsWhereThePartitionHalts(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	d := &doubling{table: newTable()}
	d.insert = func(_ context.Context, n int, _ []rowKey) (int, error) {
		if n == 1 {
			return 0, refusal(storage.Data)
		}
		d.on.Store(true) // the half has landed, and its copy too
		return -1, errLost
	}
	o := quick(c)
	o.GrantTTL = 300 * time.Millisecond
	i := startOver(t, o, d, d)
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "more than once") })
	i.stop()
	require.Equal(t, 2, d.inserts)
	require.Equal(t, 5, d.count())
	require.Zero(t, committed(t, c, 0))
}

// A coordinator that takes the offsets of all partitions but one, as it does when rights on a topic are missing,
// must not bring the others to a halt. The one is tried again.
func TestAPartitionWhoseCommitsAreRefusedHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	o := quick(c)
	o.refusedPause = time.Second
	table := newTable()
	i := start(t, o, table)
	eventually(t, "the starts are committed", func() bool { return committed(t, c, 0) == 0 && committed(t, c, 1) == 0 })
	refused := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Partitions: []int32{1}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	cl := client(t, c)
	require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Partition: 1, Value: []byte("s")}).FirstErr())
	require.NoError(t, refused.Wait(t.Context(), 1))
	require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Partition: 0, Value: []byte("s")}).FirstErr())
	eventually(t, "the other goes on", func() bool { return committed(t, c, 0) == 1 })
	require.GreaterOrEqual(t, refused.Hits(), refusals)
	require.Equal(t, 1, table.count())
	ready, reason := i.Ready()
	require.False(t, ready)
	require.Contains(t, reason, "partition 1 of topic responses halted: the group's coordinator refuses its offsets")
	refused.Remove()
	eventually(t, "it is tried again", func() bool { return committed(t, c, 1) == 1 })
	eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
	i.stop()
	table.exactly(t, 2, 1)
}

// A watermark without a time would say that everything is complete until 1970. What was written before says more.
func TestNoWatermarkWithoutATime(t *testing.T) {
	t.Parallel()
	table := newTable()
	i, err := New(Options{Brokers: []string{"b:1"}, Topics: []string{testTopic}}, fakeParser{}, table, table, zerolog.Nop(), nil)
	require.NoError(t, err)
	b, now := newBoard(i), time.Now()
	b.halted(&HaltError{testTopic, 0, "retention"}) // before it was read
	b.start(tp{Topic: testTopic, ID: 1}, 5000)
	b.heard(tp{Topic: testTopic, ID: 1}, 5001, now) // nothing is delivered yet
	require.Empty(t, b.watermarks(now))

	b.start(tp{Topic: testTopic, ID: 2}, 10)
	b.heard(tp{Topic: testTopic, ID: 2}, 10, now)
	b.halted(&HaltError{testTopic, 2, "surplus"})
	require.Empty(t, b.watermarks(now), "a halted partition has not caught up, whatever it last heard")
	b.marks[tp{Topic: testTopic, ID: 2}].logTime = now.UnixMilli()
	marks := b.watermarks(now)
	require.Len(t, marks, 1)
	require.EqualValues(t, 1, marks[0].Lag)
	require.Equal(t, now.UnixMilli(), marks[0].LogTime.UnixMilli())
}
