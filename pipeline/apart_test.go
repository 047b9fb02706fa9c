package pipeline

import (
	"context"
	"net"
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
	"github.com/errata-dev/errata/storage"
)

// bigRequest is what a block's data is at least, and no question.
const bigRequest = 4 << 10

// hush forwards connections. Once it was told to wait for a block it lets that one through and no answer any more, on
// connections that are open and those to come, until it is told to speak.
type hush struct {
	net.Listener
	waiting atomic.Bool
	silent  chan struct{} // closed when it falls silent
	speak   chan struct{}
	once    sync.Once
}

func startHush(t *testing.T, target string) *hush {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &hush{Listener: listener, silent: make(chan struct{}), speak: make(chan struct{})}
	t.Cleanup(func() { _ = listener.Close() })
	go h.serve(target)
	return h
}

func (h *hush) serve(target string) {
	for {
		here, err := h.Accept()
		if err != nil {
			return
		}
		there, err := net.Dial("tcp", target)
		if err != nil {
			_ = here.Close()
			continue
		}
		sent := new(atomic.Int64) // since the last answer
		go h.forward(there, here, func(n int) {
			if sent.Add(int64(n)) > bigRequest && h.waiting.Load() {
				h.once.Do(func() { close(h.silent) })
			}
		})
		go h.forward(here, there, func(int) {
			sent.Store(0)
			select {
			case <-h.silent:
				<-h.speak
			default:
			}
		})
	}
}

func (h *hush) forward(to, from net.Conn, before func(n int)) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		before(n)
		if _, err = to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// pair are two shards: the second can fall silent.
type pair struct {
	t      *testing.T
	kafka  *kfake.Cluster
	tables [2]*storage.DB // asked directly
	urls   [2]storage.Options
	line   *hush
	behind *storage.DB // the second, through the line
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, kafka: cluster(t, 4)}
	for n := range p.tables {
		o, err := storage.ParseURL(embedded.TestClickHouse(t))
		require.NoError(t, err)
		p.urls[n], p.tables[n] = o, p.open(o)
		require.NoError(t, p.tables[n].Migrate(t.Context(), nil))
	}
	p.line = startHush(t, p.urls[1].Addr[0])
	p.urls[1].Addr = []string{p.line.Addr().String()}
	p.behind = p.open(p.urls[1])
	return p
}

func (p *pair) open(o storage.Options) *storage.DB {
	db, err := storage.Open(p.t.Context(), o)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = db.Close() })
	return db
}

// start runs a member of the group whose bounds are longer than the test waits.
func (p *pair) start(name string) (stop func()) {
	o := quick(p.kafka)
	o.ClientID, o.RebalanceTimeout, o.DrainTimeout, o.GrantTTL = name, 3*patience, 2*patience, 2*patience
	o.shardPatience = 200 * time.Millisecond
	shards := make([]Shard, 2)
	for n, url := range p.urls {
		writer := storage.NewWriter(url)
		p.t.Cleanup(func() { _ = writer.Close() })
		shards[n] = Shard{Name: []string{"first", "second"}[n], Sink: writer, Back: []ReadBack{p.tables[0], p.behind}[n]}
	}
	i, err := NewSharded(o, fakeParser{}, shards, func(_ string, partition int32) int { return int(partition) % 2 }, zerolog.New(zerolog.NewTestWriter(p.t)).With().Str("member", name).Logger())
	require.NoError(p.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(p.t, <-ended)
	})
	p.t.Cleanup(stop)
	return stop
}

// has reports whether a shard's table has the first n records of each of its partitions.
func (p *pair) has(shard int, n int64) bool {
	positions := []storage.Position{{Topic: testTopic, Partition: int32(shard)}, {Topic: testTopic, Partition: int32(shard) + 2}}
	found, err := p.tables[shard].Present(p.t.Context(), "cluster-1", positions)
	require.NoError(p.t, err)
	for _, r := range found {
		require.Zero(p.t, r.Surplus, "%+v", r)
		if r.Start != 0 || r.End != n {
			return false
		}
	}
	return len(found) == len(positions)
}

// A shard that falls silent in the middle of an insert, with its connections open, holds up neither the partitions of the
// other shard nor the members that take them over. Its own wait until it speaks again, and no row is lost or there twice.
func TestASilentShardIsNotWaitedFor(t *testing.T) {
	for name, change := range map[string]func(p *pair, stop func()){
		"a member joins":               func(p *pair, _ func()) { p.start("new") },
		"the only member leaves":       func(p *pair, stop func()) { stop(); p.start("new") },
		"one leaves, another has come": func(p *pair, stop func()) { p.start("new"); stop() },
	} {
		t.Run(name, func(t *testing.T) {
			const block = 500
			p := newPair(t)
			stop := p.start("old")
			produce(t, p.kafka, 4, block)
			eventually(t, "both have the first", func() bool { return p.has(0, block) && p.has(1, block) })
			p.line.waiting.Store(true)
			produce(t, p.kafka, 4, block)
			<-p.line.silent
			eventually(t, "the first shard goes on", func() bool { return p.has(0, 2*block) })

			ended := make(chan struct{})
			go func() { defer close(ended); change(p, stop) }()
			defer func() { <-ended }()
			produce(t, p.kafka, 4, block)
			eventually(t, "the first shard's partitions have moved", func() bool { return p.has(0, 3*block) })
			require.False(t, p.has(1, 3*block))
			close(p.line.speak)
			eventually(t, "all is there", func() bool { return p.has(1, 3*block) })
			for partition := range int32(4) {
				eventually(t, "committed", func() bool { return committed(t, p.kafka, partition) == 3*block })
			}
		})
	}
}

// clocked is a table that says what time it is, or why not.
type clocked struct {
	*table
	asked  chan struct{}
	answer func(ctx context.Context) error
}

func (c clocked) ServerTime(ctx context.Context) (time.Time, error) {
	select {
	case c.asked <- struct{}{}:
	default:
	}
	return time.Now(), c.answer(ctx)
}

// A shard that is slow and answers is waited for: to leave its insert would cost its partitions the rest of the grant.
func TestASlowShardIsWaitedFor(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	o := quick(c)
	o.RebalanceTimeout, o.GrantTTL = 3*patience, 2*patience
	slow := clocked{newTable(), make(chan struct{}), func(context.Context) error { return nil }}
	begun, land := make(chan struct{}), make(chan struct{})
	slow.insert = func(ctx context.Context, n int, _ []rowKey) (int, error) {
		if n == 1 {
			close(begun)
			<-land
		}
		return -1, ctx.Err()
	}
	other := newTable()
	shards := []Shard{{Name: "slow", Sink: slow.table, Back: slow}, {Name: "other", Sink: other, Back: other}}
	i, err := NewSharded(o, fakeParser{}, shards, func(_ string, p int32) int { return int(p) }, zerolog.New(zerolog.NewTestWriter(t)))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	produce(t, c, 2, 10)
	<-begun
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: 1})
	eventually(t, "the generation has ended", func() bool { _, reason := i.Ready(); return contains(reason, "joining the group") })
	for range 3 {
		<-slow.asked
	}
	close(land)
	eventually(t, "committed", func() bool { return committed(t, c, 0) == 10 && committed(t, c, 1) == 10 })
	stop()
	require.NoError(t, <-ended)
	require.Zero(t, i.Stats().InsertErrors, "it was cut short")
}

func TestWhatCountsAsAnAnswer(t *testing.T) {
	i := &Ingester{options: Options{shardPatience: 10 * time.Millisecond}}
	for name, c := range map[string]struct {
		answers bool
		says    func(ctx context.Context) error
	}{
		"the time":         {true, func(context.Context) error { return nil }},
		"an error":         {true, func(context.Context) error { return errLost }},
		"nobody is there":  {false, func(context.Context) error { return storage.ErrUnreachable }},
		"nothing for long": {false, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
	} {
		i.back = clocked{answer: c.says}
		require.Equal(t, c.answers, i.answers(t.Context()), name)
	}
}
