package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestEveryRecordBecomesOneRow(t *testing.T) {
	t.Parallel()
	c := cluster(t, 12, kfake.NumBrokers(3))
	produce(t, c, 12, 500)
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "all delivered", func() bool { return table.count() == 12*500 })
	i.stop()
	table.exactly(t, 12, 500)
	for p := range int32(12) {
		require.EqualValues(t, 500, committed(t, c, p))
	}
	require.EqualValues(t, 6000, i.Stats().Successes)
	require.EqualValues(t, 6000, i.Stats().Records)
}

func TestPartitionsAreTakenOverWhenAMemberLeaves(t *testing.T) {
	t.Parallel()
	c := cluster(t, 6)
	table := newTable()
	first := start(t, quick(c), table)
	produce(t, c, 6, 100)
	eventually(t, "the first works", func() bool { return table.count() == 600 })
	second := start(t, quick(c), table)
	eventually(t, "both are members", func() bool {
		_, err := c.WaitGroupStable(t.Context(), "errata", 2)
		ready, _ := second.Ready()
		return err == nil && ready
	})
	produce(t, c, 6, 100)
	eventually(t, "both work", func() bool { return second.Stats().Records > 0 })
	first.stop()
	produce(t, c, 6, 100)
	eventually(t, "the second has taken over", func() bool { return table.count() == 1800 })
	second.stop()
	table.exactly(t, 6, 300)
}

// While partitions move, the insert under way is finished and committed before the next owner begins.
func TestPartitionsMoveDuringAnInsert(t *testing.T) {
	t.Parallel()
	c := cluster(t, 4)
	produce(t, c, 4, 100)
	table := newTable()
	inserting, proceed := make(chan struct{}), make(chan struct{})
	table.insert = func(_ context.Context, n int, _ []rowKey) (int, error) {
		if n == 1 {
			close(inserting)
			<-proceed
		}
		return -1, nil
	}
	first := start(t, quick(c), table)
	<-inserting
	second := start(t, quick(c), table)
	eventually(t, "the group waits for the first", func() bool { return c.GroupInfo("errata").State == "PreparingRebalance" })
	close(proceed)
	eventually(t, "delivered", func() bool { return table.count() == 400 && committed(t, c, 0) == 100 && committed(t, c, 3) == 100 })
	first.stop()
	second.stop()
	table.exactly(t, 4, 100)
	require.EqualValues(t, 400, first.Stats().Records+second.Stats().Records)
}

func TestLeadersMove(t *testing.T) {
	t.Parallel()
	c := cluster(t, 6, kfake.NumBrokers(3))
	table := newTable()
	i := start(t, quick(c), table)
	for n := 1; n <= 3; n++ {
		produce(t, c, 6, 50)
		eventually(t, "delivered", func() bool { return table.count() == n*300 })
		c.ShufflePartitionLeaders()
	}
	i.stop()
	table.exactly(t, 6, 150)
}

func TestRowsThatAreThereAlreadyAreSkipped(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	o := quick(c)
	o.GrantTTL = 100 * time.Millisecond
	table := newTable()
	i := start(t, o, table)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 100 })
	i.stop()
	for _, back := range []int64{0, 37, 99} {
		commitAt(t, c, back)
		again := start(t, o, table)
		eventually(t, "committed again", func() bool { return committed(t, c, 0) == 100 })
		again.stop()
		table.exactly(t, 1, 100)
		require.Equal(t, 100-back, again.Stats().Skipped)
		require.Zero(t, again.Stats().Records)
	}
}

func TestWithoutACommitTheTableIsAskedFirst(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	table := newTable()
	table.rows[rowKey{0, 3}], table.rows[rowKey{0, 9}] = 1, 1
	i := start(t, quick(c), table)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 10 })
	i.stop()
	table.exactly(t, 1, 10)
	require.EqualValues(t, 2, i.Stats().Skipped)
}

func TestStartAtTheLatestRecord(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	o := quick(c)
	o.StartAt = StartLatest
	table := newTable()
	i := start(t, o, table)
	eventually(t, "the start is committed", func() bool { return committed(t, c, 0) == 10 })
	i.stop()
	produce(t, c, 1, 10) // what is produced while nobody reads must not be passed over
	i = start(t, o, table)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 20 })
	i.stop()
	require.Equal(t, 10, table.count())
}

func TestTheEndDeliversWhatIsAssembled(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	o := quick(c)
	o.MaxBlockAge, o.QuietFlush = 5*time.Second, 5*time.Second
	fetched := make(chan struct{}, 1000)
	table := newTable()
	marks := &watermarks{}
	o.Watermarks = marks
	i, err := New(o, parserFunc(fetched), table, table, zerolog.Nop(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- i.Run(ctx) }()
	produce(t, c, 2, 10)
	for range 20 {
		<-fetched
	}
	cancel()
	require.NoError(t, <-ended)
	table.exactly(t, 2, 10)
	require.EqualValues(t, 10, committed(t, c, 0))
	require.EqualValues(t, 10, committed(t, c, 1))
	info := c.GroupInfo("errata")
	require.Empty(t, info.Members, "the member has left")
	require.Len(t, marks.closed(), 2)
	for _, m := range marks.closed() {
		require.EqualValues(t, 10, m.Offset)
		require.Equal(t, "cluster-1", m.Source)
		require.Zero(t, m.Lag)
	}
}

func TestTheEndDoesNotWaitForATableThatHangs(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	o := quick(c)
	o.DrainTimeout = 200 * time.Millisecond
	table := newTable()
	inserting := make(chan struct{}, 1)
	table.insert = func(ctx context.Context, _ int, _ []rowKey) (int, error) {
		inserting <- struct{}{}
		<-ctx.Done()
		return 0, ctx.Err()
	}
	i := start(t, o, table)
	<-inserting
	i.stop()
	require.Zero(t, table.count())
	require.Zero(t, committed(t, c, 0), "but where it began")
}

func TestWatermarks(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	o := quick(c)
	marks := &watermarks{}
	o.Watermarks, o.WatermarkInterval = marks, 10*time.Millisecond
	i := start(t, o, newTable())
	eventually(t, "open watermark at the end of the log", func() bool {
		m, ok := marks.last()
		return ok && !m.Closed && m.Offset == 10 && m.Lag == 0 && time.Since(m.LogTime) < time.Minute
	})
	i.stop()
	m, _ := marks.last()
	require.True(t, m.Closed)
}

func TestRunsOnce(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	i := start(t, quick(c), newTable())
	eventually(t, "started", i.started.Load)
	require.ErrorIs(t, i.Run(t.Context()), errRunTwice)
}

var _ WatermarkSink = (*watermarks)(nil)

var _ Sink = (*table)(nil)
