package pipeline

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/storage"
)

var errLost = errors.New("connection reset by peer")

func TestFailedInsertsAreResolved(t *testing.T) {
	t.Parallel()
	definite := &storage.InsertError{Addr: "db:9000", Class: storage.Later, Err: errLost}
	cases := map[string]struct {
		apply int // rows of the first insert that get into the table
		err   error
	}{
		"applied, acknowledgement lost": {-1, errLost},
		"applied in part":               {40, errLost},
		"not applied":                   {0, errLost},
		"refused":                       {0, definite},
		"refused after a part":          {7, definite},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := cluster(t, 3)
			produce(t, broker, 3, 100)
			o := quick(broker)
			o.GrantTTL = 300 * time.Millisecond
			table := newTable()
			table.insert = func(_ context.Context, n int, rows []rowKey) (int, error) {
				if n <= 2 {
					return min(c.apply, len(rows)), c.err
				}
				return -1, nil
			}
			i := start(t, o, table)
			for p := range int32(3) {
				eventually(t, "committed", func() bool { return committed(t, broker, p) == 100 })
			}
			i.stop()
			table.exactly(t, 3, 100)
			require.Positive(t, i.Stats().InsertErrors)
			require.EqualValues(t, 300, i.Stats().Records)
		})
	}
}

// A server may apply an insert after its client has given up on it.
func TestAnInsertThatLandsLateIsNotRepeated(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	o := quick(c)
	o.GrantTTL = 400 * time.Millisecond
	table := newTable()
	var late atomic.Bool
	table.insert = func(_ context.Context, n int, rows []rowKey) (int, error) {
		if n > 1 {
			return -1, nil
		}
		time.AfterFunc(o.GrantTTL/2, func() {
			table.mu.Lock()
			defer table.mu.Unlock()
			for _, row := range rows {
				table.rows[row]++
			}
			late.Store(true)
		})
		return 0, errLost
	}
	i := start(t, o, table)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 100 })
	i.stop()
	require.True(t, late.Load())
	table.exactly(t, 1, 100)
}

func TestAFailingTableIsNotReadyAndRecovers(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	table := newTable()
	var healed atomic.Bool
	table.insert = func(context.Context, int, []rowKey) (int, error) {
		if healed.Load() {
			return -1, nil
		}
		return 0, &storage.InsertError{Addr: "db:9000", Class: storage.Configuration, Err: storage.ErrAuthentication}
	}
	i := start(t, quick(c), table)
	eventually(t, "not ready", func() bool { ready, reason := i.Ready(); return !ready && i.Stats().InsertErrors > 3 && reason != "" })
	require.Equal(t, 1, len(c.GroupInfo("errata").Members), "a failing insert does not leave the group")
	healed.Store(true)
	eventually(t, "ready again", func() bool { ready, _ := i.Ready(); return ready && committed(t, c, 0) == 10 })
	i.stop()
	table.exactly(t, 1, 10)
}

func TestCommitErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]*kerr.Error{
		"passing":            kerr.CoordinatorLoadInProgress,
		"applied, timed out": kerr.RequestTimedOut,
		"fenced":             kerr.IllegalGeneration,
		"unknown member":     kerr.UnknownMemberID,
	}
	for name, code := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, 2)
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: code, Count: 2})
			table := newTable()
			i := start(t, quick(c), table)
			for n := 1; n <= 3; n++ {
				produce(t, c, 2, 50)
				eventually(t, "committed", func() bool { return committed(t, c, 0) == int64(50*n) && committed(t, c, 1) == int64(50*n) })
			}
			i.stop()
			table.exactly(t, 2, 150)
			require.GreaterOrEqual(t, i.Stats().Records+i.Stats().Skipped, int64(300))
		})
	}
}

func TestDeletedRecordsHaltTheirPartition(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 2, 100)
	commitAt(t, c, 10)
	require.NoError(t, c.DeleteRecords(testTopic, 0, 60))

	table, gaps := newTable(), &gapList{}
	o := quick(c)
	o.Gaps, o.GrantTTL = gaps, 100*time.Millisecond
	i := start(t, o, table)
	eventually(t, "the other partition goes on", func() bool { return committed(t, c, 1) == 100 })
	ready, reason := i.Ready()
	require.False(t, ready)
	require.Contains(t, reason, "[10, 60) were deleted")
	i.stop()
	require.Equal(t, 100, table.count())
	require.EqualValues(t, 10, committed(t, c, 0))
	require.Len(t, gaps.all, 1)
	require.Equal(t, "cluster-1", gaps.all[0].Source)

	o.OnGap = GapContinue
	i = start(t, o, table)
	eventually(t, "goes on when allowed", func() bool { return committed(t, c, 0) == 100 })
	i.stop()
	require.Equal(t, 140, table.count())
	require.EqualValues(t, 1, i.Stats().Gaps)
}

func TestNoGapWhenTheTableHasTheDeletedRecords(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "delivered", func() bool { return committed(t, c, 0) == 100 })
	i.stop()
	require.NoError(t, c.DeleteRecords(testTopic, 0, 100))
	commitAt(t, c, 20)
	i = start(t, quick(c), table)
	produce(t, c, 1, 10)
	eventually(t, "goes on", func() bool { return committed(t, c, 0) == 110 })
	i.stop()
	table.exactly(t, 1, 110)
	require.Zero(t, i.Stats().Gaps)
}

func TestACommitBeyondTheLogHalts(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	commitAt(t, c, 11)
	i := start(t, quick(c), newTable())
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "beyond the end of the log, 10") })
}

// Records that vanish while they are being waited for must not be skipped either.
func TestRetentionOvertakesTheReader(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 10)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.OffsetOutOfRange, Count: 1})
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "an error that is not true does no harm", func() bool { return committed(t, c, 0) == 10 })
	hold := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: -1})
	require.NoError(t, hold.Wait(t.Context(), 1))
	produce(t, c, 1, 10)
	require.NoError(t, c.DeleteRecords(testTopic, 0, 15))
	hold.Remove()
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "[10, 15) were deleted") })
	i.stop()
	table.exactly(t, 1, 10)
}

// spoil answers fetches that ask for a partition with a batch of the test's.
func spoil(c *kfake.Cluster, partition int32, batch func() []byte) {
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		fetch := req.(*kmsg.FetchRequest)
		if !asks(fetch, partition) {
			return nil, nil, false
		}
		return answer(fetch, partition, batch()), nil, true
	})
}

// spoilAt answers fetches of partition 0 that ask for its offset 0 with a batch of the test's.
func spoilAt(c *kfake.Cluster, offset int64, batch func() []byte) {
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		fetch := req.(*kmsg.FetchRequest)
		for _, topic := range fetch.Topics {
			for _, p := range topic.Partitions {
				if p.Partition == 0 && p.FetchOffset == offset {
					return answer(fetch, 0, batch()), nil, true
				}
			}
		}
		return nil, nil, false
	})
}

func TestRecordsThatCannotBeReadHaltTheirPartition(t *testing.T) {
	t.Parallel()
	c := cluster(t, 3)
	produce(t, c, 3, 100)
	var spoiled atomic.Int64
	spoilt := rawBatch(t, []byte("s1"), 0)
	spoilt[len(spoilt)-1] ^= 1
	spoil(c, 1, func() []byte { spoiled.Add(1); return spoilt })
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "the records [0, 1) cannot be read") })
	eventually(t, "the others go on", func() bool { return table.count() == 200 })
	require.Greater(t, spoiled.Load(), int64(1), "tried more than once")
	produce(t, c, 3, 10)
	eventually(t, "the others still go on", func() bool { return table.count() == 220 })
}

func TestDecompressionIsBounded(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	bomb := rawBatch(t, make([]byte, 65<<20), protocol.Zstd)
	require.Less(t, len(bomb), 1<<20)
	spoil(c, 0, func() []byte { return bomb })
	i := start(t, quick(c), newTable())
	eventually(t, "halted", func() bool { _, reason := i.Ready(); return contains(reason, "the records [0, 1) cannot be read") })
}

func TestAbortedAndControlRecordsAreNoRows(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	cl := client(t, c, kgo.TransactionalID("tx"))
	send := func(end kgo.TransactionEndTry) {
		require.NoError(t, cl.BeginTransaction())
		for range 10 {
			cl.Produce(t.Context(), &kgo.Record{Value: []byte("s")}, nil)
		}
		require.NoError(t, cl.Flush(t.Context()))
		require.NoError(t, cl.EndTransaction(t.Context(), end))
	}
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit, kgo.TryAbort} {
		send(end)
	}
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "committed past the last control record", func() bool { return committed(t, c, 0) == 44 })
	i.stop()
	require.Equal(t, 20, table.count())
	for row := range table.rows {
		require.True(t, row.offset < 10 || (row.offset >= 22 && row.offset < 32), "offset %d", row.offset)
	}
}

func TestResponsesFromTheFutureAreDeadLetters(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	cl := client(t, c)
	for _, value := range []string{"s", "f", "e", "no json", ""} {
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Value: []byte(value)}).FirstErr())
	}
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "delivered", func() bool { return table.count() == 5 })
	i.stop()
	stats := i.Stats()
	require.Equal(t, map[string]int64{"time_in_future": 1, "not_json": 2}, stats.Reasons)
	require.EqualValues(t, [3]int64{1, 1, 3}, [3]int64{stats.Successes, stats.Errors, stats.DeadLetters})
}

// outage is a listener that can be switched off.
type outage struct {
	net.Listener
	mu    sync.Mutex
	off   bool
	conns []net.Conn
}

func (o *outage) Accept() (net.Conn, error) {
	for {
		conn, err := o.Listener.Accept()
		if err != nil {
			return nil, err
		}
		o.mu.Lock()
		off := o.off
		o.conns = append(o.conns, conn)
		o.mu.Unlock()
		if !off {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// set switches the listener off, which cuts all connections, or on.
func (o *outage) set(off bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.off = off
	for _, conn := range o.conns {
		_ = conn.Close()
	}
	o.conns = nil
}

func (o *outage) down() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.off
}

func TestAnOutageOfTheBrokerIsWaitedFor(t *testing.T) {
	t.Parallel()
	line := &outage{}
	c := cluster(t, 3, kfake.ListenFn(func(network, address string) (net.Listener, error) {
		var err error
		line.Listener, err = net.Listen(network, address)
		return line, err
	}))
	produce(t, c, 3, 50)
	table := newTable()
	cut := make(chan struct{}, 10)
	table.insert = func(context.Context, int, []rowKey) (int, error) {
		select {
		case <-cut:
			line.set(true) // after the insert was sent, before its offsets are committed
		default:
		}
		return -1, nil
	}
	o := quick(c)
	o.RequestTimeout, o.SessionTimeout = time.Second, time.Second // the group waits so long for a member that is cut off
	i := start(t, o, table)
	for n := 1; n <= 3; n++ {
		eventually(t, "delivered", func() bool { return table.count() == 150*n })
		cut <- struct{}{}
		produced := producing(t, c, 3, 50)
		eventually(t, "noticed", func() bool { ready, _ := i.Ready(); return !ready && line.down() })
		line.set(false)
		require.NoError(t, <-produced)
	}
	eventually(t, "committed", func() bool { return table.count() == 600 && committed(t, c, 0) == 200 && committed(t, c, 2) == 200 })
	i.stop()
	table.exactly(t, 3, 200)
}
