package pipeline

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/storage"
)

const testTopic = "responses"

// patience bounds every wait of the tests; nothing is expected to take that long.
const patience = 30 * time.Second

// cluster starts a broker in the process.
func cluster(t *testing.T, partitions int32, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	opts = append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(partitions, testTopic), kfake.ClusterID("cluster-1"),
		kfake.GroupMinSessionTimeout(time.Millisecond),
	}, opts...)
	c, err := kfake.NewCluster(opts...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// client is an independent Kafka client.
func client(t *testing.T, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic(testTopic),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return cl
}

// produce writes n records "s<i>" to each of the partitions [0, partitions).
func produce(t *testing.T, c *kfake.Cluster, partitions, n int) {
	t.Helper()
	require.NoError(t, <-producing(t, c, partitions, n))
}

// producing does the same in the background.
func producing(t *testing.T, c *kfake.Cluster, partitions, n int) <-chan error {
	t.Helper()
	cl := client(t, c)
	records := make([]*kgo.Record, 0, partitions*n)
	for i := range n {
		for p := range partitions {
			records = append(records, &kgo.Record{Partition: int32(p), Value: fmt.Appendf(nil, "s%d", i)})
		}
	}
	done := make(chan error, 1)
	go func() { done <- cl.ProduceSync(t.Context(), records...).FirstErr() }()
	return done
}

// quick are options with short pauses.
func quick(c *kfake.Cluster) Options {
	return Options{
		Brokers: c.ListenAddrs(), Topics: []string{testTopic},
		HeartbeatInterval: 50 * time.Millisecond, SessionTimeout: 5 * time.Second, JoinGroupBackoff: 20 * time.Millisecond,
		RebalanceTimeout: 6 * time.Second, FetchWait: 50 * time.Millisecond, RetryBackoff: 50 * time.Millisecond,
		MaxBlockAge: 50 * time.Millisecond, QuietFlush: 10 * time.Millisecond, GrantTTL: time.Second,
	}
}

// running is an Ingester at work.
type running struct {
	*Ingester
	stop func() // ends it and waits until it has ended
	wait func() // waits until it has ended by itself
}

// start runs an ingester over the table until it is stopped or the test ends.
func start(t *testing.T, o Options, table *table) *running {
	t.Helper()
	return startOver(t, o, table, table)
}

// startOver does the same with another ReadBack.
func startOver(t *testing.T, o Options, sink Sink, back ReadBack) *running {
	t.Helper()
	return startMeasured(t, o, sink, back, nil)
}

// startMeasured does the same with metrics, which may be nil.
func startMeasured(t *testing.T, o Options, sink Sink, back ReadBack, metrics *Metrics) *running {
	t.Helper()
	i, err := New(o, fakeParser{}, sink, back, zerolog.New(zerolog.NewTestWriter(t)), metrics)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	var once sync.Once
	finish := func(end func()) {
		once.Do(func() {
			end()
			select {
			case err := <-ended:
				require.NoError(t, err)
			case <-time.After(patience):
				t.Error("the ingester does not end")
			}
		})
	}
	r := &running{Ingester: i, stop: func() { finish(cancel) }, wait: func() { finish(func() {}) }}
	t.Cleanup(cancel)
	t.Cleanup(r.stop)
	return r
}

// eventually waits for an observable state.
func eventually(t *testing.T, what string, state func() bool) {
	t.Helper()
	require.Eventually(t, state, patience, 5*time.Millisecond, what)
}

// committed returns the group's offset of a partition, or -1.
func committed(t *testing.T, c *kfake.Cluster, partition int32) int64 {
	t.Helper()
	b := endpoint{brokers: c.ListenAddrs(), timeout: patience}.open()
	defer b.close()
	group, err := b.committed(t.Context(), "errata", []tp{{Topic: testTopic, ID: partition}})
	require.NoError(t, err)
	return group[tp{Topic: testTopic, ID: partition}].offset
}

// commitAt sets the group's offset of partition 0 while nobody is in the group.
func commitAt(t *testing.T, c *kfake.Cluster, offset int64) {
	t.Helper()
	b := endpoint{brokers: c.ListenAddrs(), timeout: patience}.open()
	defer b.close()
	_, err := b.commit(t.Context(), member{"errata", -1, ""}, map[tp]entry{{Topic: testTopic}: {offset: offset}})
	require.NoError(t, err)
}

// fakeParser understands values that begin with s (success), e (error) and f (success, two days in
// the future); others are dead letters.
type fakeParser struct{}

func (fakeParser) Parse(rec *parsers.Record, row *parsers.Row) {
	row.Source, row.Topic, row.Partition, row.Offset = rec.Source, rec.Topic, rec.Partition, rec.Offset
	row.LogTime, row.Time, row.Kind, row.Reason = rec.LogTime, rec.LogTime, parsers.KindSuccess, parsers.ReasonNone
	row.Checksum = fetch.Checksum(rec.Value)
	first := byte(0)
	if len(rec.Value) > 0 {
		first = rec.Value[0]
	}
	switch first {
	case 's':
	case 'e':
		row.Kind = parsers.KindError
	case 'f':
		row.Time += 48 * time.Hour.Milliseconds()
	default:
		row.Kind, row.Reason = parsers.KindDeadLetter, parsers.ReasonNotJSON
	}
}

func (fakeParser) Bury(rec *parsers.Record, row *parsers.Row, reason parsers.Reason) {
	row.Source, row.Topic, row.Partition, row.Offset = rec.Source, rec.Topic, rec.Partition, rec.Offset
	row.Kind, row.Reason = parsers.KindDeadLetter, reason
}

type rowKey struct {
	partition int32
	offset    int64
}

// table is a Sink and a ReadBack in memory, which can be told to fail.
type table struct {
	mu      sync.Mutex
	rows    map[rowKey]int
	inserts int
	flying  map[string]bool // ids of the inserts under way
	// insert decides about the n-th insert (from 1): how many of its rows are applied (-1 = all) and
	// which error is returned. nil = all, none.
	insert func(ctx context.Context, n int, rows []rowKey) (apply int, err error)
}

func newTable() *table {
	return &table{rows: map[rowKey]int{}, flying: map[string]bool{}}
}

func (t *table) Insert(ctx context.Context, block *storage.Block, grant storage.Grant) error {
	rows := contents(block)
	t.mu.Lock()
	t.inserts++
	n, decide := t.inserts, t.insert
	t.flying[grant.ID] = true
	t.mu.Unlock()
	defer t.landed(grant.ID)
	apply, err := len(rows), error(nil)
	if decide != nil {
		if apply, err = decide(ctx, n, rows); apply < 0 {
			apply = len(rows)
		}
	}
	if time.Now().After(grant.Deadline) {
		return fmt.Errorf("stale write")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range rows[:apply] {
		t.rows[row]++
	}
	return err
}

func (t *table) landed(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flying, id)
}

// RunningInserts makes the table an InsertWatcher: without one what is in doubt is waited for ten seconds longer.
func (t *table) RunningInserts(_ context.Context, prefix string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []string
	for id := range t.flying {
		if strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (t *table) Present(_ context.Context, _ string, from []storage.Position) ([]storage.Range, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []storage.Range
	for row := range t.rows {
		for _, p := range from {
			if p.Partition == row.partition && row.offset >= p.Offset {
				found = append(found, storage.Range{Topic: p.Topic, Partition: row.partition, Start: row.offset, End: row.offset + 1})
			}
		}
	}
	return found, nil
}

func (t *table) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.rows)
}

// exactly fails the test unless each of the offsets [0, n) of the partitions is there once.
func (t *table) exactly(tt *testing.T, partitions, n int) {
	tt.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	require.Len(tt, t.rows, partitions*n)
	for p := range partitions {
		for o := range n {
			require.Equal(tt, 1, t.rows[rowKey{int32(p), int64(o)}], "partition %d offset %d", p, o)
		}
	}
}
