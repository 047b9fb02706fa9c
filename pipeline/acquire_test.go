package pipeline

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/pipeline/grant"
)

// A partition of which nobody says where it stands is taken up later; the others are read meanwhile.
func TestAPartitionThatCannotBeAskedAboutHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	cases := map[string]kfake.Fault{
		"no leader": {Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable},
		"no offset": {Keys: []kmsg.Key{kmsg.OffsetFetch}, Err: kerr.UnstableOffsetCommit, When: func(r kmsg.Request) bool {
			return r.GetVersion() > 1 // 1 is asked by the group's client, and not used
		}},
	}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, 3)
			produce(t, c, 3, 10)
			fault.Partitions, fault.Count = []int32{1}, -1
			offline := c.Fault(fault)
			table := newTable()
			i := start(t, quick(c), table)
			eventually(t, "the others go on", func() bool { return committed(t, c, 0) == 10 && committed(t, c, 2) == 10 })
			require.Equal(t, 20, table.count())
			eventually(t, "says so", func() bool { _, reason := i.Ready(); return contains(reason, "partition responses/1 cannot be read") })
			offline.Remove()
			eventually(t, "it is taken up", func() bool { return committed(t, c, 1) == 10 })
			eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
			i.stop()
			table.exactly(t, 3, 10)
		})
	}
}

// What predecessors have left open is settled for both at once. The one that loses its leader just then must not
// keep the other waiting.
func TestASettledPartitionWithoutALeaderHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 2, 10)
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() + 2}
	for p := range int32(2) {
		commitNote(t, c, p, grant.Note{Grant: left, Open: true})
	}
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "both are in doubt", func() bool { ready, _ := i.Ready(); return ready })
	var first atomic.Int32
	first.Store(-1)
	offline := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable, Count: -1, When: func(r kmsg.Request) bool {
		asked := r.(*kmsg.ListOffsetsRequest).Topics[0].Partitions[0].Partition
		first.CompareAndSwap(-1, asked)
		return asked == first.Load()
	}})
	require.NoError(t, offline.Wait(t.Context(), 2))
	eventually(t, "the other goes on", func() bool { return committed(t, c, 1-first.Load()) == 10 })
	require.Equal(t, 10, table.count())
	offline.Remove()
	eventually(t, "it follows", func() bool { return committed(t, c, first.Load()) == 10 })
	i.stop()
	table.exactly(t, 2, 10)
}

// Whoever deletes a group's offsets wipes out the note that names an insert under way.
func TestDeletedOffsetsWithARunningInsertWaitForIt(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	w := &watchful{table: newTable(), asked: make(chan string, 1)}
	w.running.Store(&[]string{"errata:errata:KILLED:7"})
	i := startOver(t, quick(c), w.table, w)
	for range 3 {
		eventually(t, "asks again and again", func() bool {
			select {
			case prefix := <-w.asked:
				return prefix == "errata:errata:"
			default:
				return false
			}
		})
	}
	require.Zero(t, w.count())
	w.mu.Lock()
	for offset := range int64(10) {
		w.rows[rowKey{0, offset}]++ // it lands
	}
	w.mu.Unlock()
	w.running.Store(nil)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 })
	i.stop()
	w.exactly(t, 1, 10)
	require.Zero(t, i.Stats().Records)
}

// What another tool's commit may have hidden is waited for once, not at every joining of the group.
func TestAnotherToolsCommitIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	commitAt(t, c, 0)
	w := &watchful{table: newTable(), asked: make(chan string, 10)}
	o := quick(c)
	o.GrantTTL = 100 * time.Millisecond
	i := startOver(t, o, w.table, w)
	eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
	joinAgain(t, c)
	produce(t, c, 1, 10)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 10 })
	i.stop()
	require.Len(t, w.asked, 1)
}

// joinAgain makes the members of the group join it again and waits until the first does.
func joinAgain(t *testing.T, c *kfake.Cluster) {
	t.Helper()
	joins := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Observe: true, Count: -1})
	defer joins.Remove()
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: 1})
	require.NoError(t, joins.Wait(t.Context(), 1))
}

// Another offset is another commit.
func TestEveryOffsetOfAnotherToolIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := &watchful{table: newTable(), asked: make(chan string, 10)}
	i, err := New(Options{Brokers: []string{"b:1"}, Topics: []string{testTopic}, GrantTTL: time.Millisecond}, fakeParser{}, w.table, w, zerolog.Nop(), nil)
	require.NoError(t, err)
	for n, offset := range []int64{5, 5, 6, 6} {
		require.NoError(t, i.settleStrangers(t.Context(), map[tp]standing{{Topic: testTopic}: {offset: offset}}))
		require.Len(t, w.asked, 1+n/2)
	}
}

// Ids are asked for by what they begin with: the insert 70 is not the insert 7.
func TestAnInsertIsNotTakenForALaterOne(t *testing.T) {
	t.Parallel()
	w := &watchful{table: newTable(), asked: make(chan string, 1)}
	w.running.Store(&[]string{"errata:errata:P:70"}) // begins with errata:errata:P:7
	a := newAccount(tp{Topic: testTopic})
	a.state = grant.State{Phase: grant.Expired, Grant: grant.Grant{Start: 0, End: 1, Count: 1, Insert: "errata:errata:P:7", Deadline: 1}}
	a.todo = grant.AskRunning
	i := &Ingester{back: w}
	require.NoError(t, i.askRunning(t.Context(), []*account{a}))
	require.Equal(t, grant.Settled, a.state.Phase)
}

// Where the coordinator does not answer the commit of the starts, the group is joined again, with growing pauses.
func TestAnUnansweredStartIsNotCommittedInALoop(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorNotAvailable, Count: -1})
	var first, last atomic.Int64 // Unix nanoseconds
	joins := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Observe: true, Count: -1, When: func(kmsg.Request) bool {
		now := time.Now().UnixNano()
		first.CompareAndSwap(0, now)
		last.Store(now)
		return true
	}})
	o := quick(c)
	o.RetryBackoff = 5 * time.Second
	start(t, o, newTable())
	require.NoError(t, joins.Wait(t.Context(), 5))
	const least = firstBackoff / 2 * (1 + 2 + 4) // the group's client joins while the pause before is still going on
	require.GreaterOrEqual(t, time.Duration(last.Load()-first.Load()), least)
}

// The deliverer acknowledges what is open. A start whose commit was refused is the deliverer's from then on, and
// nobody else's. (For the race detector.)
func TestARefusedStartBelongsToTheDeliverer(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 1, 20)
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() + 1}
	commitNote(t, c, 0, grant.Note{Grant: left, Open: true})
	refused := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Partitions: []int32{0}, Err: kerr.CoordinatorLoadInProgress, Count: -1})
	o := quick(c)
	o.MaxBlockAge, o.QuietFlush = 5*time.Millisecond, time.Millisecond
	i := start(t, o, newTable())
	cl := client(t, c)
	for refused.Hits() < 2 {
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Partition: 1, Value: []byte("s")}).FirstErr())
	}
	refused.Remove()
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 20 })
	i.stop()
}
