package fetch

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
	"github.com/errata-dev/errata/pipeline/fetch/batch/batchtest"
)

const testTopic = "responses"

// patience bounds every wait of the tests; nothing is expected to take that long.
const patience = 30 * time.Second

// cluster starts a broker in the process.
func cluster(t testing.TB, partitions int32, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(partitions, testTopic)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// client is an independent Kafka client.
func client(t testing.TB, addresses []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(addresses...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic(testTopic),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return cl
}

// produce writes one batch of values to a partition.
func produce(t testing.TB, c *kfake.Cluster, partition int32, values ...string) {
	t.Helper()
	records := make([]*kgo.Record, 0, len(values))
	for _, v := range values {
		records = append(records, &kgo.Record{Partition: partition, Value: []byte(v)})
	}
	require.NoError(t, client(t, c.ListenAddrs()).ProduceSync(t.Context(), records...).FirstErr())
}

// numbered returns n values that say what they are.
func numbered(n int) []string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("value %d", i)
	}
	return values
}

// witness is an Observer that takes everything down.
type witness struct {
	mu         sync.Mutex
	high       map[Partition]int64
	halted     map[Partition]string
	stuck      map[Partition]error
	unreadable map[Partition][]Span
	reasons    []error
	decide     func(p Partition, next int64) (int64, string, error)
	refuse     int // gaps that cannot be recorded
}

func newWitness() *witness {
	return &witness{
		high: map[Partition]int64{}, halted: map[Partition]string{}, stuck: map[Partition]error{},
		unreadable: map[Partition][]Span{},
	}
}

func (w *witness) Heard(p Partition, high int64, _ time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.high[p] = high
}

func (w *witness) OutOfRange(_ context.Context, p Partition, next int64) (int64, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.decide == nil {
		return 0, "out of range", nil
	}
	return w.decide(p, next)
}

func (w *witness) Unreadable(_ context.Context, p Partition, span Span, reason error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse > 0 {
		w.refuse--
		return fmt.Errorf("not now")
	}
	w.unreadable[p] = append(w.unreadable[p], span)
	w.reasons = append(w.reasons, reason)
	return nil
}

func (w *witness) Halted(p Partition, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halted[p] = reason
}

func (w *witness) Stuck(p Partition, reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stuck[p] = reason
}

func (w *witness) Flowing(p Partition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.stuck, p)
}

func (w *witness) haltedAt(id int32) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.halted[Partition{testTopic, id}]
}

func (w *witness) highAt(id int32) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.high[Partition{testTopic, id}]
}

func (w *witness) gaps(id int32) []Span {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.unreadable[Partition{testTopic, id}])
}

// fetching is a Fetcher at work, and what came out of it.
type fetching struct {
	*Fetcher
	*witness
	stop func() // ends it and waits until it has ended

	mu   sync.Mutex
	got  map[Partition][]string // offset=value
	next map[Partition]int64
}

// quick is a configuration with short pauses.
func quick(t testing.TB, addresses []string) Config {
	t.Helper()
	transport := &kafka.Transport{ClientID: "test", MetadataTTL: 50 * time.Millisecond}
	t.Cleanup(transport.CloseIdleConnections)
	return Config{
		Transport: transport, Addr: kafka.TCP(addresses...), Topics: []string{testTopic},
		FetchWait: 50 * time.Millisecond, RetryBackoff: 20 * time.Millisecond, Budget: NewBudget(64 << 20),
		Warn: func(string) *zerolog.Event {
			to := zerolog.New(zerolog.NewTestWriter(t))
			return to.Warn()
		},
	}
}

// fetch reads partitions from the given starts until it is stopped or the test ends.
func fetch(t testing.TB, config Config, starts map[int32]Start) *fetching {
	t.Helper()
	f := &fetching{witness: newWitness(), got: map[Partition][]string{}, next: map[Partition]int64{}}
	return f.start(t, config, starts)
}

func (f *fetching) start(t testing.TB, config Config, starts map[int32]Start) *fetching {
	t.Helper()
	config.Observer = f.witness
	f.Fetcher = New(config)
	for id, s := range starts {
		f.Add(Partition{testTopic, id}, s)
		f.next[Partition{testTopic, id}] = s.Next
	}
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan *Chunk)
	ended := make(chan struct{})
	go func() { defer close(ended); f.Run(ctx, out); close(out) }()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for c := range out {
			f.take(t, c)
		}
	}()
	f.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("the fetcher does not end")
		}
		<-drained
		require.Zero(t, config.Budget.InUse(), "everything was given back")
	})
	t.Cleanup(f.stop)
	return f
}

// take notes what is in c and checks that it goes on where the one before ended.
func (f *fetching) take(t testing.TB, c *Chunk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next[c.Partition] != c.Span.From || c.Span.Len() <= 0 {
		t.Errorf("%s: chunk %s after offset %d", c.Partition, c.Span, f.next[c.Partition])
	}
	f.next[c.Partition] = c.Span.To
	for i, r := range c.Records {
		if r.Offset < c.Span.From || r.Offset >= c.Span.To {
			t.Errorf("%s: record %d in chunk %s", c.Partition, r.Offset, c.Span)
		}
		f.got[c.Partition] = append(f.got[c.Partition], fmt.Sprintf("%d=%.40s", r.Offset, c.Value(i)))
	}
	if c.Gap {
		f.got[c.Partition] = append(f.got[c.Partition], "gap "+c.Span.String())
	}
	c.Release()
}

func (f *fetching) read(id int32) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got[Partition{testTopic, id}])
}

func (f *fetching) at(id int32) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next[Partition{testTopic, id}]
}

// eventually waits for an observable state.
func eventually(t testing.TB, what string, state func() bool) {
	t.Helper()
	require.Eventually(t, state, patience, 5*time.Millisecond, what)
}

// from starts partitions [0, n) at an offset.
func from(n int32, next int64) map[int32]Start {
	starts := map[int32]Start{}
	for id := range n {
		starts[id] = Start{Next: next}
	}
	return starts
}

// expected returns values as read from offset first on.
func expected(first int, values ...string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%d=%s", first+i, v)
	}
	return out
}

// scripted answers all fetches from logs that the test has written itself.
type scripted struct {
	mu       sync.Mutex
	logs     map[int32][]logged
	aborted  map[int32][]batch.Aborted
	high     int64
	requests int
	largest  int32 // bytes asked of one partition
}

// logged is a batch in a log, whatever it says of itself.
type logged struct {
	last int64 // offset
	data []byte
}

// log returns right batches as they are logged.
func log(batches ...batchtest.Batch) (log []logged) {
	for _, b := range batches {
		data := b.Bytes()
		header, err := batch.Next(data)
		if err != nil {
			panic(err)
		}
		log = append(log, logged{header.Last(), data})
	}
	return log
}

// script makes c answer fetches from logs of batches.
func script(c *kfake.Cluster, high int64, logs map[int32][]logged) *scripted {
	s := &scripted{logs: logs, high: high, aborted: map[int32][]batch.Aborted{}}
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp, empty := s.answer(req.(*kmsg.FetchRequest))
		if empty {
			time.Sleep(time.Millisecond) // a broker would wait for records
		}
		return resp, nil, true
	})
	return s
}

func (s *scripted) replace(id int32, log []logged) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs[id] = log
}

func (s *scripted) answer(req *kmsg.FetchRequest) (resp *kmsg.FetchResponse, empty bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	resp, empty = req.ResponseKind().(*kmsg.FetchResponse), true
	for _, topic := range req.Topics {
		t := kmsg.NewFetchResponseTopic()
		t.Topic = topic.Topic
		for _, asked := range topic.Partitions {
			p := kmsg.NewFetchResponseTopicPartition()
			p.Partition, p.HighWatermark, p.LastStableOffset = asked.Partition, s.high, s.high
			s.largest = max(s.largest, asked.PartitionMaxBytes)
			for _, b := range s.logs[asked.Partition] {
				if b.last >= asked.FetchOffset {
					p.RecordBatches = append(p.RecordBatches, b.data...)
				}
			}
			p.RecordBatches = p.RecordBatches[:min(len(p.RecordBatches), int(asked.PartitionMaxBytes))]
			for _, a := range s.aborted[asked.Partition] {
				p.AbortedTransactions = append(p.AbortedTransactions, kmsg.FetchResponseTopicPartitionAbortedTransaction{ProducerID: a.ProducerID, FirstOffset: a.FirstOffset})
			}
			empty = empty && len(p.RecordBatches) == 0
			t.Partitions = append(t.Partitions, p)
		}
		resp.Topics = append(resp.Topics, t)
	}
	return resp, empty
}
