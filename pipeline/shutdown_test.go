package pipeline

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// soon bounds an end: the time to drain, the leave, the last watermarks, and some for a slow machine.
const soon = 200*time.Millisecond + leaveTimeout + recordTimeout + 3*time.Second

func endsSoon(t *testing.T, i *running) {
	t.Helper()
	began := time.Now()
	i.stop()
	require.Less(t, time.Since(began), soon)
}

func brief(c *kfake.Cluster) Options {
	o := quick(c)
	o.DrainTimeout = 200 * time.Millisecond
	return o
}

func TestTheEndIsNearWhateverGoesOn(t *testing.T) {
	t.Parallel()
	cases := map[string]func(t *testing.T) *running{
		"broker gone": func(t *testing.T) *running {
			c := cluster(t, 2)
			produce(t, c, 2, 10)
			table := newTable()
			i := start(t, brief(c), table)
			eventually(t, "delivered", func() bool { return table.count() == 20 })
			c.Close()
			return i
		},
		"commits fail": func(t *testing.T) *running {
			c := cluster(t, 2)
			produce(t, c, 2, 10)
			commitAt(t, c, 0)
			fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorNotAvailable, Count: -1})
			i := start(t, brief(c), newTable())
			require.NoError(t, fault.Wait(t.Context(), 2))
			return i
		},
		"inserts fail": func(t *testing.T) *running {
			c := cluster(t, 2)
			produce(t, c, 2, 10)
			table := newTable()
			table.insert = func(context.Context, int, []rowKey) (int, error) { return 0, &storage.InsertError{Err: errLost} }
			o := brief(c)
			o.RetryBackoff = time.Hour
			i := start(t, o, table)
			eventually(t, "in a long back-off", func() bool { return i.Stats().InsertErrors > 3 })
			return i
		},
		"an insert is in doubt": func(t *testing.T) *running {
			c := cluster(t, 2)
			produce(t, c, 2, 10)
			table := newTable()
			table.insert = func(context.Context, int, []rowKey) (int, error) { return 0, errLost }
			i := start(t, brief(c), table)
			eventually(t, "in doubt", func() bool { return i.Stats().InsertErrors > 0 })
			return i
		},
		"cannot join": func(t *testing.T) *running {
			c := cluster(t, 2)
			fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.GroupAuthorizationFailed, Count: -1})
			i := start(t, brief(c), newTable())
			require.NoError(t, fault.Wait(t.Context(), 2))
			eventually(t, "says so", func() bool { _, reason := i.Ready(); return contains(reason, "cannot join the group") })
			return i
		},
		"the group rebalances": func(t *testing.T) *running {
			c := cluster(t, 2)
			first := start(t, brief(c), newTable())
			eventually(t, "ready", func() bool { ready, _ := first.Ready(); return ready })
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.SyncGroup}, Err: kerr.RebalanceInProgress, Count: -1})
			second := start(t, brief(c), newTable())
			eventually(t, "rebalancing", func() bool { ready, _ := first.Ready(); return !ready })
			t.Cleanup(second.stop)
			return first
		},
		"the broker is silent": func(t *testing.T) *running {
			c, silence := silentCluster(t)
			produce(t, c, 2, 10)
			table := newTable()
			i := start(t, brief(c), table)
			eventually(t, "delivered", func() bool { return table.count() == 20 })
			silence()
			return i
		},
		"the broker is silent from the beginning": func(t *testing.T) *running {
			c, silence := silentCluster(t)
			silence()
			i := start(t, brief(c), newTable())
			eventually(t, "begun", i.started.Load)
			return i
		},
		"ClickHouse does not say where to start": func(t *testing.T) *running {
			c := cluster(t, 2)
			asked := make(chan struct{}, 1)
			i := startOver(t, brief(c), newTable(), mute(asked))
			<-asked
			return i
		},
		"ClickHouse does not say what became of an insert": func(t *testing.T) *running {
			c := cluster(t, 2)
			produce(t, c, 2, 10)
			table := newTable()
			back := &switchable{watchful: &watchful{table: table}}
			table.insert = func(context.Context, int, []rowKey) (int, error) {
				back.deaf.Store(true)
				return 0, refusal(storage.Later)
			}
			i := startOver(t, brief(c), table, back)
			eventually(t, "asks", func() bool { _, reason := i.Ready(); return contains(reason, "what became of an insert") })
			return i
		},
		"a predecessor's insert runs on": func(t *testing.T) *running {
			c := cluster(t, 1)
			produce(t, c, 1, 10)
			left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() - 5}
			commitNote(t, c, 0, grant.Note{Grant: left, Open: true})
			return waiting(t, c, left.Insert)
		},
		"inserts run that no note names": func(t *testing.T) *running {
			c := cluster(t, 1)
			commitAt(t, c, 0)
			return waiting(t, c, "errata:errata:PREDECESSOR:7")
		},
		"a gap cannot be recorded": func(t *testing.T) *running {
			c := cluster(t, 1)
			produce(t, c, 1, 20)
			commitAt(t, c, 3)
			require.NoError(t, c.DeleteRecords(testTopic, 0, 10))
			o, gaps := brief(c), &switchable{watchful: &watchful{table: newTable()}}
			gaps.forgetful.Store(true)
			o.Gaps, o.RetryBackoff = gaps, time.Hour
			i := start(t, o, newTable())
			eventually(t, "says so", func() bool { _, reason := i.Ready(); return contains(reason, "a gap cannot be recorded") })
			return i
		},
		"the table has too many parts": func(t *testing.T) *running {
			c := cluster(t, 1)
			produce(t, c, 1, 10)
			table := newTable()
			table.insert = func(context.Context, int, []rowKey) (int, error) {
				return 0, &storage.InsertError{Addr: "db:9000", Class: storage.Later, Throttle: true, Err: errLost}
			}
			i := start(t, brief(c), table)
			eventually(t, "slowed down", func() bool { return i.Stats().InsertErrors > 1 })
			return i
		},
	}
	for name, state := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endsSoon(t, state(t))
		})
	}
}

// With the defaults there is room for the parts that come after it, and for a slow machine.
func TestTheEndHasRoomInThirtySeconds(t *testing.T) {
	t.Parallel()
	o := Options{}.withDefaults()
	require.LessOrEqual(t, o.DrainTimeout+leaveTimeout+recordTimeout, 20*time.Second)
}

// waiting is an ingester that waits until an insert of somebody else's ends, which it does not.
func waiting(t *testing.T, c *kfake.Cluster, insert string) *running {
	t.Helper()
	w := &watchful{table: newTable(), asked: make(chan string, 1)}
	w.running.Store(&[]string{insert})
	o := brief(c)
	o.GrantTTL = 100 * time.Millisecond
	i := startOver(t, o, w.table, w)
	<-w.asked
	<-w.asked
	return i
}

// mute is a table that does not answer. It tells when it is asked.
type mute chan<- struct{}

func (m mute) Present(ctx context.Context, _ string, _ []storage.Position) ([]storage.Range, error) {
	m <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// silentCluster starts a broker that can stop to listen to what it is sent, with its connections open.
func silentCluster(t *testing.T) (c *kfake.Cluster, silence func()) {
	t.Helper()
	line := &deafListener{end: make(chan struct{})}
	c = cluster(t, 2, kfake.ListenFn(func(network, address string) (net.Listener, error) {
		var err error
		line.Listener, err = net.Listen(network, address)
		return line, err
	}))
	t.Cleanup(func() { close(line.end) })
	return c, func() { line.deaf.Store(true) }
}

type deafListener struct {
	net.Listener
	deaf atomic.Bool
	end  chan struct{}
}

func (l *deafListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return &deafConn{conn, l}, err
}

type deafConn struct {
	net.Conn
	of *deafListener
}

func (c *deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.of.deaf.Load() {
		<-c.of.end
	}
	return n, err
}

// frozen forwards connections until it is told to freeze: then it stays silent and open.
type frozen struct {
	net.Listener
	mu     sync.Mutex
	frozen bool
	thaw   chan struct{}
}

func (f *frozen) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.frozen = true
}

func (f *frozen) isFrozen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.frozen
}

func (f *frozen) serve(target string) {
	for {
		here, err := f.Accept()
		if err != nil {
			return
		}
		there, err := net.Dial("tcp", target)
		if err != nil {
			_ = here.Close()
			continue
		}
		go f.forward(there, here)
		go f.forward(here, there)
	}
}

func (f *frozen) forward(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if f.isFrozen() {
			<-f.thaw
			return
		}
		if err != nil {
			return
		}
		if _, err = to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// A server that falls silent without closing its connections must not keep the process from ending,
// whether it was idle or in the middle of an insert.
func TestTheEndDoesNotWaitForASilentClickHouse(t *testing.T) {
	options, err := storage.ParseURL(embedded.TestClickHouse(t))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	line := &frozen{Listener: listener, thaw: make(chan struct{})}
	go line.serve(options.Addr[0])
	defer func() { require.NoError(t, listener.Close()) }()
	options.Addr = []string{listener.Addr().String()}
	db, err := storage.Open(t.Context(), options)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), nil))
	registry, err := parsers.New(parsers.Options{})
	require.NoError(t, err)

	for _, busy := range []bool{false, true} {
		c := cluster(t, 2)
		writer := storage.NewWriter(options)
		o := brief(c)
		o.Source = fmt.Sprint("busy ", busy) // both clusters claim the same id
		o.Watermarks, o.WatermarkInterval, o.Gaps = db, 20*time.Millisecond, db
		i, err := New(o, registry, writer, db, zerolog.New(zerolog.NewTestWriter(t)), nil)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- i.Run(ctx) }()
		eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
		if busy {
			line.freeze()
			produce(t, c, 2, 10)
			pause(t.Context(), 100*time.Millisecond) // into the insert; any moment will do
		} else {
			produce(t, c, 2, 10)
			eventually(t, "delivered", func() bool { return i.Stats().Records == 20 })
		}
		began := time.Now()
		cancel()
		require.NoError(t, <-ended)
		require.Less(t, time.Since(began), soon)
	}
	close(line.thaw)
}

// Nothing is left running.
func TestNoGoroutineIsLeft(t *testing.T) {
	c := cluster(t, 4)
	produce(t, c, 4, 10)
	before := runtime.NumGoroutine()
	for range 3 {
		table := newTable()
		i := start(t, quick(c), table)
		eventually(t, "joined", func() bool { ready, _ := i.Ready(); return ready })
		i.stop()
		p := publisher(t, c, PublisherOptions{})
		_, err := p.Publish(t.Context(), io.LimitReader(neverending{}, 1000))
		require.NoError(t, err)
		p.Close()
	}
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+3 }) // the broker's connections
}

// neverending is a stream of lines.
type neverending struct{}

func (neverending) Read(p []byte) (int, error) {
	for n := range p {
		p[n] = "s\n"[n%2]
	}
	return len(p), nil
}
