package fetch

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/errata-dev/errata/pipeline/fetch/batch/batchtest"
)

func TestTheBudgetIsNeverOverdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBudget(rapid.Int64Range(1, 100).Draw(t, "limit"))
		var held []int64
		var waiting []*waiter
		granted := func() {
			for len(waiting) > 0 {
				select {
				case <-waiting[0].granted:
					held, waiting = append(held, waiting[0].n), waiting[1:]
				default:
					return
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				n := rapid.Int64Range(1, 200).Draw(t, "bytes")
				if w := b.enqueue(n); w != nil {
					waiting = append(waiting, w)
				} else {
					require.Empty(t, waiting, "nobody is overtaken")
					held = append(held, n)
				}
			},
			"try": func(t *rapid.T) {
				if n := rapid.Int64Range(1, 20).Draw(t, "bytes"); b.Try(n) {
					held = append(held, n)
				}
			},
			"release": func(*rapid.T) {
				if len(held) > 0 {
					b.Release(held[0])
					held = held[1:]
				}
			},
			"give up": func(t *rapid.T) {
				if len(waiting) > 0 {
					i := rapid.IntRange(0, len(waiting)-1).Draw(t, "who")
					b.leave(waiting[i])
					waiting = append(waiting[:i], waiting[i+1:]...)
				}
			},
			"": func(t *rapid.T) {
				granted()
				var sum int64
				for _, n := range held {
					sum += n
				}
				require.Equal(t, sum, b.InUse())
				require.True(t, sum <= b.Limit() || len(held) == 1, "more than there is goes alone: %v", held)
				require.True(t, len(held) > 0 || len(waiting) == 0, "somebody always goes on")
			},
		})
	})
}

func TestTheBudgetWakesWhoWaits(t *testing.T) {
	b := NewBudget(10)
	require.NoError(t, b.Reserve(t.Context(), 100), "more than there is, alone")
	got := make(chan error)
	go func() { got <- b.Reserve(context.Background(), 4) }()
	require.False(t, b.Try(1))
	b.Release(93)
	select {
	case <-got:
		t.Fatal("reserved what was not free")
	default:
	}
	b.Release(7)
	require.NoError(t, <-got)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Reserve(ctx, 10), context.Canceled)
	require.EqualValues(t, 4, b.InUse())
	w := b.enqueue(10)
	b.Release(4)
	b.leave(w) // it was granted in the same moment
	require.Zero(t, b.InUse())
	b.Take(104)
	require.EqualValues(t, 104, b.InUse(), "it is in use already")
}

func TestAppetite(t *testing.T) {
	a := newAppetite(1000)
	require.Equal(t, 400, a.of(400))
	for range 20 {
		a.learn(a.now * 10) // compressed to a tenth
	}
	require.Equal(t, 62, a.now, "halved until the answers fit")
	a.learn(20)
	a.learn(0)
	require.Equal(t, 62, a.now, "nothing to read says nothing")
	for range 20 {
		a.learn(a.now) // not compressed
	}
	require.Equal(t, 496, a.now)
	for range 20 {
		a.learn(1e9)
	}
	require.Equal(t, 15, a.now)
	require.Equal(t, 1, a.of(1), "never nothing")
}

func TestBackoff(t *testing.T) {
	for n := 1; n < 100; n++ {
		d := backoff(n, 3*time.Second)
		require.GreaterOrEqual(t, d, firstBackoff/2)
		require.LessOrEqual(t, d, 3*time.Second)
	}
	require.LessOrEqual(t, backoff(1, time.Minute), firstBackoff)
	require.LessOrEqual(t, backoff(1, time.Millisecond), time.Millisecond)
}

func names(taken []*position) (got []Partition) {
	for _, p := range taken {
		got = append(got, p.partition)
	}
	return got
}

func newTestCursor(partitions ...Partition) *cursor {
	c := &cursor{}
	for _, p := range partitions {
		c.add(p, Start{Next: 5, Last: Mark{Offset: 3, Known: true}})
	}
	return c
}

func TestAPartitionIsAskedForOnceAtATime(t *testing.T) {
	a, b := Partition{"t", 0}, Partition{"t", 1}
	now := time.Unix(100, 0)
	c := newTestCursor(a, b)
	require.Empty(t, c.take(1, now), "nobody leads yet")
	require.Equal(t, map[int]bool{1: true}, c.lead(map[Partition]int{a: 1, b: 1}))
	first := c.take(1, now)
	require.Equal(t, []Partition{a, b}, names(first))
	require.Empty(t, c.take(1, now), "under way")
	c.lead(map[Partition]int{a: 2})
	require.Empty(t, c.take(2, now), "under way at the old leader")
	c.finish(first)
	require.Equal(t, []Partition{a}, names(c.take(2, now)))
	require.Empty(t, c.take(1, now), "b has no leader")
}

func TestWhatIsPutOffOrHaltedIsNotAskedFor(t *testing.T) {
	a, b := Partition{"t", 0}, Partition{"t", 1}
	now := time.Unix(100, 0)
	c := newTestCursor(a, b)
	c.lead(map[Partition]int{a: 1, b: 1})
	c.update(c.order[0], func(p *position) { p.retryAt = now.Add(time.Second) })
	c.update(c.order[1], func(p *position) { p.halted = true })
	require.Empty(t, c.take(1, now))
	c.lead(map[Partition]int{a: 2, b: 1})
	taken := c.take(2, now)
	require.Equal(t, []Partition{a}, names(taken), "another leader may do better")
}

func TestWhoWasServedComesLast(t *testing.T) {
	p := []Partition{{"t", 0}, {"t", 1}, {"t", 2}, {"t", 3}}
	now := time.Unix(100, 0)
	c := newTestCursor(p...)
	c.lead(map[Partition]int{p[0]: 1, p[1]: 1, p[2]: 1, p[3]: 1})
	taken := c.take(1, now)
	taken[0].served, taken[2].served = true, true
	c.finish(taken)
	taken = c.take(1, now)
	require.Equal(t, []Partition{p[1], p[3], p[0], p[2]}, names(taken))
	c.finish(taken)
	require.Equal(t, []Partition{p[1], p[3], p[0], p[2]}, names(c.take(1, now)), "nobody was served")
}

func TestAPartitionThatWasGoneOrHasMovedIsVerified(t *testing.T) {
	a := Partition{"t", 0}
	c := newTestCursor(a)
	p := c.order[0]
	c.lead(map[Partition]int{a: 1})
	before := c.read(p)
	require.True(t, before.verify.Known, "so it is at the start")
	after := before
	after.verify.Known = false
	c.move(p, before, after)
	c.lead(map[Partition]int{a: 1})
	require.Equal(t, int64(5), p.asks(), "nothing has changed")
	c.lead(map[Partition]int{a: 2})
	require.Equal(t, int64(3), p.asks(), "another leader may have missed records")
	before = c.read(p)
	after = before
	after.verify.Known = false
	c.move(p, before, after)
	require.Equal(t, int64(5), p.asks())
	before = c.read(p)
	c.lead(nil)
	require.Equal(t, int64(3), p.asks(), "another topic may come back")
	after = before
	after.next = 9
	c.move(p, before, after)
	require.Equal(t, int64(3), p.asks(), "an answer that came meanwhile does not change that")
	require.Equal(t, int64(9), p.next)
}

func TestSizeClasses(t *testing.T) {
	for bytes := 0; bytes < 1<<31; bytes += bytes/100 + 1 {
		class := sizeClass(bytes)
		require.LessOrEqual(t, classBytes(class), bytes)
		require.Greater(t, classBytes(class+1), bytes)
		require.Less(t, class+1, len(shelf{}.sizes))
		if bytes > 4*classUnit {
			require.Less(t, classBytes(class+1), bytes*13/10)
		}
	}
}

// What a batch near the limit was unpacked into must not be what later batches seem to need: where that is more than the
// budget, they would be asked for again and again.
func TestALargeBatchDoesNotHoldUpTheNext(t *testing.T) {
	for _, codec := range batchtest.Codecs {
		t.Run(codec.String(), func(t *testing.T) {
			config := Config{Budget: NewBudget(600_000), FetchBytes: 100_000, MaxRecordBytes: 1 << 20, MaxBatchBytes: testLimit}
			s := newSession(&config, 1)
			shelf := shelf{budget: config.Budget}
			log := [][]byte{batchtest.Batch{Codec: codec, Records: batchtest.Values(strings.Repeat("x", 900_000))}.Bytes()}
			for i := range 30 {
				log = append(log, batchtest.Batch{Base: int64(1 + i), Codec: codec, Records: batchtest.Values(strings.Repeat("0123456789abcdef", 500))}.Bytes())
			}
			high := int64(len(log))
			for r, answers := at(0), 0; r.next < high; answers++ {
				require.Less(t, answers, 20, "at %d, where %d bytes of room are wanted", r.next, r.room)
				share := part{high: high, stable: high, records: slices.Concat(log[r.next:min(high, r.next+3)]...)}
				s.room = r.room
				require.NoError(t, s.reserve(t.Context(), len(share.records)))
				c := shelf.get(Partition{"t", 0}, r.next, s.expected(&r, &share))
				require.Nil(t, s.decode(c, &r, &share))
				s.charge(c)
				s.settle()
				c.Release()
				require.Zero(t, config.Budget.InUse())
			}
		})
	}
}
