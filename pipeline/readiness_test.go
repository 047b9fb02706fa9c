package pipeline

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// switchable is a table, and a sink of gaps, that can be out of order as a whole or in part.
type switchable struct {
	*watchful
	deaf, forgetful atomic.Bool // cannot be read back; cannot record gaps
	gapList
}

var errDown = errors.New("cannot reach ClickHouse")

func (s *switchable) Present(ctx context.Context, source string, from []storage.Position) ([]storage.Range, error) {
	if s.deaf.Load() {
		return nil, errDown
	}
	return s.watchful.Present(ctx, source, from)
}

func (s *switchable) RecordGaps(ctx context.Context, gaps []storage.Gap) error {
	if s.forgetful.Load() {
		return errDown
	}
	return s.gapList.RecordGaps(ctx, gaps)
}

// situation is one thing that is wrong.
type situation struct {
	*stage
	back *switchable
}

func newSituation(t *testing.T) *situation {
	t.Helper()
	s := newStage(t, 2)
	back := &switchable{watchful: &watchful{table: s.table, asked: make(chan string, 1)}}
	s.back, s.options.Gaps = back, back
	return &situation{s, back}
}

// refuse makes the broker answer requests with an error until the returned function is called.
func (s *situation) refuse(key kmsg.Key, err *kerr.Error) (mend func()) {
	return s.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: err, Count: -1}).Remove
}

// says waits until the ingester is not ready and gives this reason.
func (s *situation) says(t *testing.T, sentence string) {
	t.Helper()
	eventually(t, "not ready: "+sentence, func() bool { ready, reason := s.Ready(); return !ready && contains(reason, sentence) })
}

// recovers waits until the ingester is ready, and sees that records are delivered.
func (s *situation) recovers(t *testing.T) {
	t.Helper()
	eventually(t, "ready", func() bool { ready, reason := s.Ready(); return ready && reason == "" })
	before := s.Stats().Records
	produce(t, s.cluster, 2, 1)
	eventually(t, "delivers", func() bool { return s.Stats().Records >= before+2 })
	eventually(t, "still ready", func() bool { ready, _ := s.Ready(); return ready }) // between two generations it is not
}

// Whatever is wrong, /readyz says so in a sentence, and is ready again by itself once it is mended.
func TestReadiness(t *testing.T) {
	cases := map[string]struct {
		says  string
		begin func(t *testing.T, s *situation) (mend func()) // before the ingester starts
	}{
		"not let into the group": {"cannot join the group: ", func(_ *testing.T, s *situation) func() {
			return s.refuse(kmsg.JoinGroup, kerr.GroupAuthorizationFailed)
		}},
		"the group does not settle": {"cannot join the group", func(_ *testing.T, s *situation) func() {
			var open atomic.Bool
			s.cluster.ControlKey(int16(kmsg.SyncGroup), func(kmsg.Request) (kmsg.Response, error, bool) {
				s.cluster.KeepControl()
				if open.Load() {
					return nil, nil, false
				}
				return nil, kerr.RequestTimedOut, true // hangs up
			})
			return func() { open.Store(true) }
		}},
		"ClickHouse is down at the start": {"cannot find out where to start: read back: cannot reach ClickHouse", func(_ *testing.T, s *situation) func() {
			s.back.deaf.Store(true)
			return func() { s.back.deaf.Store(false) }
		}},
		"Kafka does not tell the offsets": {"cannot find out where to start: committed offset", func(_ *testing.T, s *situation) func() {
			return s.refuse(kmsg.OffsetFetch, kerr.CoordinatorLoadInProgress)
		}},
		"a partition has no leader at the start": {"partition responses/1 cannot be read: the cluster does not say where its log begins", func(_ *testing.T, s *situation) func() {
			return s.cluster.Fault(kfake.Fault{
				Keys: []kmsg.Key{kmsg.ListOffsets}, Partitions: []int32{1}, Err: kerr.LeaderNotAvailable, Count: -1,
			}).Remove
		}},
		"inserts fail": {"inserts fail: ", func(t *testing.T, s *situation) func() {
			produce(t, s.cluster, 2, 5)
			var mended atomic.Bool
			s.table.insert = func(context.Context, int, []rowKey) (int, error) {
				if mended.Load() {
					return -1, nil
				}
				return 0, &storage.InsertError{Addr: "db:9000", Class: storage.Configuration, Err: storage.ErrNotMigrated}
			}
			return func() { mended.Store(true) }
		}},
		"the outcome of an insert cannot be asked for": {"cannot find out what became of an insert: read back: ", func(t *testing.T, s *situation) func() {
			produce(t, s.cluster, 2, 5)
			var sick sync.Once
			s.table.insert = func(context.Context, int, []rowKey) (apply int, err error) {
				apply = -1
				sick.Do(func() { s.back.deaf.Store(true); apply, err = 0, refusal(storage.Later) })
				return apply, err
			}
			return func() { s.back.deaf.Store(false) }
		}},
		"offsets cannot be committed": {"offsets cannot be committed: ", func(t *testing.T, s *situation) func() {
			produce(t, s.cluster, 2, 5)
			return s.refuse(kmsg.OffsetCommit, kerr.CoordinatorLoadInProgress)
		}},
		"records are not handed out": {"cannot be fetched: ", func(_ *testing.T, s *situation) func() {
			return s.refuse(kmsg.Fetch, kerr.TopicAuthorizationFailed)
		}},
		"a gap cannot be recorded": {"a gap cannot be recorded: record gaps: cannot reach ClickHouse", func(t *testing.T, s *situation) func() {
			produce(t, s.cluster, 2, 20)
			commitAt(t, s.cluster, 3)
			require.NoError(t, s.cluster.DeleteRecords(testTopic, 0, 10))
			s.options.OnGap = GapContinue
			s.back.forgetful.Store(true)
			return func() { s.back.forgetful.Store(false) }
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSituation(t)
			mend := c.begin(t, s)
			s.start(t)
			s.says(t, c.says)
			mend()
			s.recovers(t)
		})
	}
}

// Before it runs, while its partitions move, and after the end.
func TestReadinessFromBeginningToEnd(t *testing.T) {
	s := newSituation(t)
	i, err := New(s.options, fakeParser{}, s.table, s.back, zerolog.Nop(), nil)
	require.NoError(t, err)
	ready, reason := i.Ready()
	require.False(t, ready)
	require.Equal(t, "not yet a member of the group", reason)

	s.start(t)
	s.recovers(t)
	mend := s.refuse(kmsg.SyncGroup, kerr.RebalanceInProgress)
	s.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: 1})
	eventually(t, "joins again", func() bool {
		ready, reason := s.Ready()
		return !ready && (contains(reason, "joining the group") || contains(reason, "cannot join the group: "))
	})
	mend()
	s.recovers(t)
	s.stop()
	ready, reason = s.Ready()
	require.False(t, ready)
	require.Equal(t, "ended", reason)
}

// A partition that waits for a person makes the ingester not ready as long as it waits. Once the cause is mended a
// start of the ingester, or a move of its partitions, takes it up again.
func TestReadinessOfAHaltedPartition(t *testing.T) {
	s := newSituation(t)
	produce(t, s.cluster, 2, 20)
	commitAt(t, s.cluster, 3)
	require.NoError(t, s.cluster.DeleteRecords(testTopic, 0, 10))
	s.start(t)
	s.says(t, "partition 0 of topic responses halted: the records [3, 10) were deleted before they were read")
	eventually(t, "the other partition goes on", func() bool { return committed(t, s.cluster, 1) == 20 })
	s.says(t, "partition 0 of topic responses halted: ")
	s.stop()

	commitAt(t, s.cluster, 10) // kafka-consumer-groups --reset-offsets
	again := &situation{&stage{
		cluster: s.cluster, options: s.options, table: s.table, back: s.back, metrics: newStage(t, 1).metrics,
	}, s.back}
	again.start(t)
	again.recovers(t)
	eventually(t, "all is delivered", func() bool { return s.table.count() == 20+10+2 })
}

// A partition that has records and does not move is an alarm by itself, whatever the reason.
func TestReadinessOfAStalledPartition(t *testing.T) {
	s := newSituation(t)
	i, err := New(s.options, fakeParser{}, s.table, s.back, zerolog.Nop(), nil)
	require.NoError(t, err)
	i.health.clear("group")
	b, p, now := newBoard(i), tp{Topic: testTopic, ID: 1}, time.Now()
	b.start(p, 5)
	b.heard(p, 8, now)
	b.stalled(now.Add(stallPatience - time.Second))
	ready, reason := i.Ready()
	require.True(t, ready, reason)

	b.stalled(now.Add(stallPatience + time.Second))
	ready, reason = i.Ready()
	require.False(t, ready)
	require.Contains(t, reason, "partition responses/1: 3 records are waiting and none was delivered for 1m")

	a := newAccount(p)
	a.state.Next = 6
	done := newBatch()
	done.shares[p] = &share{account: a}
	b.delivered(done) // one is enough: it moves
	b.stalled(time.Now())
	ready, reason = i.Ready()
	require.True(t, ready, reason)
}

// No reason hides another.
func TestReadinessGivesAllReasons(t *testing.T) {
	var h health
	h.set("insert", "inserts fail")
	h.set("commit", "offsets cannot be committed")
	for range 10 {
		ready, reasons := h.state()
		require.False(t, ready)
		require.Equal(t, "offsets cannot be committed\ninserts fail", reasons)
	}
	h.clear("commit")
	_, reasons := h.state()
	require.Equal(t, "inserts fail", reasons)
	h.clear("insert")
	ready, reasons := h.state()
	require.True(t, ready)
	require.Empty(t, reasons)
}

// An offset that lies behind a gap must not be committed before the gap is on record, or nobody would hear of it.
func TestAGapIsOnRecordBeforeItIsPassed(t *testing.T) {
	s := newSituation(t)
	produce(t, s.cluster, 2, 20)
	commitAt(t, s.cluster, 3)
	require.NoError(t, s.cluster.DeleteRecords(testTopic, 0, 10))
	s.options.OnGap = GapContinue
	s.back.forgetful.Store(true)
	s.start(t)
	s.says(t, "a gap cannot be recorded: ")
	s.stop()
	require.EqualValues(t, 3, committed(t, s.cluster, 0))
}

// A partition that stands still because of what a predecessor left open is not well, once that has lasted.
func TestReadinessOfAPartitionInDoubt(t *testing.T) {
	s := newSituation(t)
	produce(t, s.cluster, 2, 10)
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() - 120}
	commitNote(t, s.cluster, 0, grant.Note{Grant: left, Open: true})
	commitNote(t, s.cluster, 1, grant.Note{})
	s.back.running.Store(&[]string{left.Insert}) // two minutes after its deadline
	s.start(t)
	eventually(t, "the other partition goes on", func() bool { return committed(t, s.cluster, 1) == 10 })
	s.says(t, "partition responses/0 waits for the insert errata:errata:PREDECESSOR:7, whose time was over at ")
	s.back.running.Store(nil)
	s.recovers(t)
}

// A halted partition stays an alarm when its records can be fetched again after a failure.
func TestAHaltedPartitionStaysAnAlarm(t *testing.T) {
	s := newSituation(t)
	i, err := New(s.options, fakeParser{}, s.table, s.back, zerolog.Nop(), nil)
	require.NoError(t, err)
	i.health.clear("group")
	b, p := newBoard(i), tp{Topic: testTopic, ID: 1}
	b.start(p, 5)
	b.halted(&HaltError{testTopic, 1, "surplus"})
	o := observer{i, b}
	o.Stuck(p, errDown)
	o.Flowing(p)
	ready, reason := i.Ready()
	require.False(t, ready)
	require.Contains(t, reason, "halted: surplus")
}

// Records of a halted partition are not delivered, and not counted as if they were.
func TestRecordsOfAHaltedPartitionAreNotCounted(t *testing.T) {
	s := newStage(t, 2)
	s.options.MaxBlockRows, s.options.QuietFlush = 20, time.Second // both partitions in one block
	produce(t, s.cluster, 2, 10)
	failOnce(s.table, -1, errLost)
	s.back = &doubledByInserts{s.table, storage.Range{Topic: testTopic, Start: 0, End: 1, Surplus: 2}}
	s.start(t)
	s.shows(t, values{`partitions_halted`: 1, `records_total{kind="success"}`: 10})
	produce(t, s.cluster, 2, 10)
	s.shows(t, values{`partitions_halted`: 1, `records_total{kind="success"}`: 20, `lag{partition="1",topic="responses"}`: 0})
	require.Equal(t, 30, s.table.count(), "ten of the halted one were inserted before it was found out")
}

// A grant that is resolved at the takeover counts as any other.
func TestResolutionsOfATakeoverAreCounted(t *testing.T) {
	s := newStage(t, 1)
	produce(t, s.cluster, 1, 10)
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() - 5}
	commitNote(t, s.cluster, 0, grant.Note{Grant: left, Open: true})
	s.back = &doubled{s.table, storage.Range{Topic: testTopic, Start: 3, End: 4, Surplus: 1}}
	s.start(t)
	s.shows(t, values{`partitions_halted`: 1, `resolutions_total{result="surplus"}`: 1})
}

// What was said about a partition does not outlast the generation that it was said in.
func TestReadinessAfterThePartitionsHaveMoved(t *testing.T) {
	s := newSituation(t)
	s.options.RetryBackoff = time.Hour // nobody looks again in this generation
	leaderless := s.cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.ListOffsets}, Partitions: []int32{1}, Err: kerr.LeaderNotAvailable, Count: -1,
	})
	s.start(t)
	s.says(t, "partition responses/1 cannot be read")
	for range 10 { // into the long pauses
		pause(t.Context(), 100*time.Millisecond)
	}
	leaderless.Remove()
	s.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: 1})
	s.recovers(t)
}

// A partition that nobody leads is not asked for, and so not heard of.
func TestReadinessOfASilentPartition(t *testing.T) {
	s := newSituation(t)
	i, err := New(s.options, fakeParser{}, s.table, s.back, zerolog.Nop(), nil)
	require.NoError(t, err)
	i.health.clear("group")
	b, p, now := newBoard(i), tp{Topic: testTopic, ID: 1}, time.Now()
	b.start(p, 5)
	b.heard(p, 5, now)
	b.stalled(now.Add(stallPatience - time.Second))
	ready, reason := i.Ready()
	require.True(t, ready, reason)
	b.stalled(now.Add(stallPatience + time.Second))
	ready, reason = i.Ready()
	require.False(t, ready)
	require.Equal(t, "partition responses/1: no broker was heard of for 1m1s", reason)
	b.heard(p, 5, now.Add(stallPatience+2*time.Second))
	b.stalled(now.Add(stallPatience + 3*time.Second))
	ready, reason = i.Ready()
	require.True(t, ready, reason)
}

// A partition halts once, for its first reason.
func TestAPartitionHaltsOnce(t *testing.T) {
	s := newStage(t, 1)
	m, err := NewMetrics(s.metrics)
	require.NoError(t, err)
	i, err := New(s.options, fakeParser{}, s.table, s.back, zerolog.Nop(), m)
	require.NoError(t, err)
	b := newBoard(i)
	b.halted(&HaltError{testTopic, 0, "surplus"})
	b.halted(&HaltError{testTopic, 0, "unreadable"})
	s.shows(t, values{`partitions_halted`: 1})
	_, reasons := i.Ready()
	require.Contains(t, reasons, "surplus")
}
