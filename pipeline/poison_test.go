package pipeline

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

func refusal(class storage.Class) error {
	return &storage.InsertError{Addr: "db:9000", Class: class, Err: errLost}
}

// choosy makes the table refuse blocks with poisonous rows, until a row comes alone for the second time: it
// is a dead letter by then.
func choosy(table *table, poison ...rowKey) {
	var mu sync.Mutex
	alone := map[rowKey]int{}
	table.insert = func(_ context.Context, _ int, rows []rowKey) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		bad := slices.ContainsFunc(rows, func(r rowKey) bool { return slices.Contains(poison, r) })
		if len(rows) == 1 {
			alone[rows[0]]++
		}
		if bad && (len(rows) > 1 || alone[rows[0]] < 2) {
			return 0, refusal(storage.Data)
		}
		return -1, nil
	}
}

func TestPoisonousRowsBecomeDeadLetters(t *testing.T) {
	t.Parallel()
	c := cluster(t, 4)
	produce(t, c, 4, 100)
	table := newTable()
	choosy(table, rowKey{1, 0}, rowKey{1, 41}, rowKey{1, 42}, rowKey{3, 99})
	i := start(t, quick(c), table)
	for p := range int32(4) {
		eventually(t, "committed", func() bool { return committed(t, c, p) == 100 })
	}
	i.stop()
	table.exactly(t, 4, 100)
	stats := i.Stats()
	require.Equal(t, map[string]int64{"refused": 4}, stats.Reasons)
	require.EqualValues(t, [2]int64{396, 4}, [2]int64{stats.Successes, stats.DeadLetters})
}

// A record that is deleted before the table refuses its row becomes a dead letter all the same.
func TestPoisonousRowOfALostRecord(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	table := newTable()
	choosy(table, rowKey{0, 3})
	choose := table.insert
	table.insert = func(ctx context.Context, n int, rows []rowKey) (int, error) {
		if err := c.DeleteRecords(testTopic, 0, 5); err != nil {
			return 0, err
		}
		return choose(ctx, n, rows)
	}
	i := start(t, quick(c), table)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 })
	i.stop()
	table.exactly(t, 1, 10)
	stats := i.Stats()
	require.EqualValues(t, [3]int64{10, 9, 1}, [3]int64{stats.Records, stats.Successes, stats.DeadLetters})
	require.Equal(t, map[string]int64{"refused": 1}, stats.Reasons)
}

// A table that refuses everything is wrong itself: its records must not all become dead letters.
func TestATableThatRefusesEverythingBuriesLittle(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 300)
	table := newTable()
	var mended atomic.Bool
	var alone sync.Map
	table.insert = func(_ context.Context, _ int, rows []rowKey) (int, error) {
		if mended.Load() {
			return -1, nil
		}
		if len(rows) == 1 {
			if _, again := alone.LoadOrStore(rows[0], true); again {
				return -1, nil // dead letters go in
			}
		}
		return 0, refusal(storage.Data)
	}
	o := quick(c)
	o.RetryBackoff = 10 * time.Millisecond
	i := start(t, o, table)
	eventually(t, "buried as many as may be", func() bool { return table.count() == maxBuried })
	eventually(t, "not ready", func() bool { ready, _ := i.Ready(); return !ready })
	require.Equal(t, maxBuried, table.count(), "and no more")
	mended.Store(true)
	eventually(t, "the rest follows", func() bool { return committed(t, c, 0) == 300 })
	i.stop()
	table.exactly(t, 1, 300)
	require.EqualValues(t, maxBuried, i.Stats().DeadLetters)
}

// Configuration errors and refusals of the moment never bisect: the same block goes again.
func TestOtherRefusalsKeepTheBlockWhole(t *testing.T) {
	t.Parallel()
	for _, class := range []storage.Class{storage.Later, storage.Configuration} {
		t.Run(class.String(), func(t *testing.T) {
			t.Parallel()
			c := cluster(t, 3)
			produce(t, c, 3, 50)
			table := newTable()
			var sizes []int
			table.insert = func(_ context.Context, n int, rows []rowKey) (int, error) {
				if n <= 3 {
					sizes = append(sizes, len(rows))
					return 0, refusal(class)
				}
				return -1, nil
			}
			o := quick(c)
			o.MaxBlockAge, o.QuietFlush = time.Second, time.Second
			i := start(t, o, table)
			eventually(t, "delivered", func() bool { return table.count() == 150 })
			i.stop()
			table.exactly(t, 3, 50)
			require.Len(t, sizes, 3)
			require.Equal(t, sizes[0], sizes[2])
			require.Zero(t, i.Stats().DeadLetters)
		})
	}
}

func TestTooManyPartsSlowTheInserts(t *testing.T) {
	t.Parallel()
	var p pace
	require.True(t, p.wait(t.Context()))
	throttle := &storage.InsertError{Addr: "db:9000", Class: storage.Later, Throttle: true}
	p.learn(nil)
	require.Zero(t, p.pause)
	p.learn(refusal(storage.Later))
	require.Zero(t, p.pause, "only too many parts slow it down")
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		p.learn(throttle)
		require.Equal(t, want*time.Second, p.pause)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, p.wait(ctx))
	for _, want := range []time.Duration{15000, 7500, 3750, 1875, 0} {
		p.learn(nil)
		require.Equal(t, want*time.Millisecond, p.pause)
	}
}

// Halving a share keeps every missing record, in one of the halves, and their offsets in order.
func TestSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 20).Draw(t, "records")
		block := storage.NewBlock()
		for offset := range n {
			block.Append(&parsers.Row{Kind: parsers.KindSuccess, Offset: int64(2 * offset)})
		}
		var held []span
		for offset := range n {
			if rapid.Bool().Draw(t, "held") {
				held = append(held, span{From: int64(2 * offset), To: int64(2*offset + 1)})
			}
		}
		set := newOffsets(held)
		a := newAccount(tp{})
		a.held.Store(&set)
		a.state.Last = grant.Mark{Offset: -1, Known: true}
		s := &share{account: a, block: block, span: span{To: int64(2 * n)}, newest: grant.Mark{Offset: int64(2*n - 2), Known: true}, runs: []rows{{0, n}}}
		if s.measure(); s.missing < 2 {
			return
		}
		require.EqualValues(t, n, s.count)
		first, second := s.split()
		require.Equal(t, s.span, span{From: first.span.From, To: second.span.To})
		require.Equal(t, first.span.To, second.span.From)
		first.measure()
		second.measure()
		require.Equal(t, s.missing, first.missing+second.missing)
		require.Equal(t, s.count, first.count+second.count)
		require.Equal(t, s.missing/2, first.missing)
		require.Equal(t, a.state.Last, first.newest, "a halved block keeps the mark by which a re-created topic is known")
		require.Equal(t, s.newest, second.newest)
	})
}

// Rows that are there twice stop their partition, and only that one.
func TestSurplusHalts(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 2, 10)
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() - 5}
	commitNote(t, c, 0, grant.Note{Grant: left, Open: true})
	table := newTable()
	back := &doubled{table, storage.Range{Topic: testTopic, Partition: 0, Start: 3, End: 4, Surplus: 1}}
	i := startOver(t, quick(c), table, back)
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "more than once") })
	eventually(t, "the other goes on", func() bool { return committed(t, c, 1) == 10 })
	i.stop()
	require.Equal(t, 10, table.count())
}

// doubled is a table that reports a row twice.
type doubled struct {
	*table
	twice storage.Range
}

func (d *doubled) Present(ctx context.Context, source string, from []storage.Position) ([]storage.Range, error) {
	found, err := d.table.Present(ctx, source, from)
	return append(found, d.twice), err
}

// A bounded run delivers just what it was asked for, leaves out what is there, and ends by itself.
func TestABoundedRun(t *testing.T) {
	t.Parallel()
	c := cluster(t, 3)
	produce(t, c, 3, 100)
	table := newTable()
	for offset := range int64(30) {
		table.rows[rowKey{0, 10 + offset}] = 1
	}
	commitAt(t, c, 90) // of the partition 0
	o := quick(c)
	o.From = map[fetch.Partition]int64{{Topic: testTopic}: 5, {Topic: testTopic, ID: 1}: 0}
	o.Until = map[fetch.Partition]int64{{Topic: testTopic}: 50, {Topic: testTopic, ID: 1}: 1}
	i := start(t, o, table)
	i.wait()
	require.Equal(t, 45+1, table.count())
	require.Zero(t, table.rows[rowKey{0, 4}])
	require.Equal(t, 1, table.rows[rowKey{0, 5}])
	require.Equal(t, 1, table.rows[rowKey{0, 20}], "was there")
	require.Equal(t, 1, table.rows[rowKey{0, 49}])
	require.EqualValues(t, 30, i.Stats().Skipped)
	require.EqualValues(t, 50, committed(t, c, 0))
	require.EqualValues(t, 1, committed(t, c, 1))
	require.EqualValues(t, noCommit, committed(t, c, 2))
}

// An offset that somebody else has moved forward is a gap in the table.
func TestAnOffsetMovedForwardIsAGap(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	commitAt(t, c, 80)
	table, gaps := newTable(), &gapList{}
	o := quick(c)
	o.Gaps = gaps
	i := startOver(t, o, table, &elder{table, 49})
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 100 })
	i.stop()
	require.Equal(t, []storage.Gap{{Source: "cluster-1", Topic: testTopic, From: 50, To: 80, Kind: "skipped"}}, gaps.all)
}

// elder is a table whose newest row is at a given offset.
type elder struct {
	*table
	newest int64
}

func (e *elder) Newest(_ context.Context, _ string, below []storage.Position) ([]storage.Position, error) {
	return []storage.Position{{Topic: below[0].Topic, Partition: below[0].Partition, Offset: e.newest}}, nil
}

// A batch that cannot be read becomes a gap if the operator allows it, and reading goes on after it.
func TestAnUnreadableBatchBecomesAGap(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 5)
	spoilt := rawBatch(t, []byte("s1"), 0)
	spoilt[len(spoilt)-1] ^= 1
	spoilAt(c, 0, func() []byte { return spoilt })
	table, gaps := newTable(), &gapList{}
	o := quick(c)
	o.Gaps, o.OnUnreadable = gaps, GapContinue
	i := start(t, o, table)
	eventually(t, "goes on", func() bool { return committed(t, c, 0) == 5 })
	i.stop()
	require.Equal(t, 4, table.count())
	require.Equal(t, []storage.Gap{{Source: "cluster-1", Topic: testTopic, From: 0, To: 1, Kind: "unreadable"}}, gaps.all)
}

// Every joining of a group has user data of its own, so that it begins a new generation.
func TestEveryJoiningIsAnother(t *testing.T) {
	t.Parallel()
	for _, b := range balancers(&topics{}) {
		first, err := b.UserData()
		require.NoError(t, err)
		second, err := b.UserData()
		require.NoError(t, err)
		require.NotEqual(t, first, second)
	}
}

// Where nothing is missing a bounded run ends as well, wherever its group was.
func TestABoundedRunWithNothingToDo(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	table := newTable()
	for offset := range int64(100) {
		table.rows[rowKey{0, offset}] = 1
	}
	commitAt(t, c, 90)
	o := quick(c)
	o.From, o.Until = map[fetch.Partition]int64{{Topic: testTopic}: 5}, map[fetch.Partition]int64{{Topic: testTopic}: 50}
	i := start(t, o, table)
	i.wait()
	table.exactly(t, 1, 100)
}

// A bounded run whose partition cannot be read does not wait for an operator.
func TestABoundedRunEndsWhenItsPartitionHalts(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	require.NoError(t, c.DeleteRecords(testTopic, 0, 40))
	o := quick(c)
	o.From, o.Until = map[fetch.Partition]int64{{Topic: testTopic}: 5}, map[fetch.Partition]int64{{Topic: testTopic}: 50}
	table := newTable()
	i, err := New(o, fakeParser{}, table, table, zerolog.Nop(), nil)
	require.NoError(t, err)
	var halt *HaltError
	require.ErrorAs(t, i.Run(t.Context()), &halt)
	require.Contains(t, halt.Reason, "[5, 40) were deleted")
}
