package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// values are what a scrape shows, without the prefix: `records_total{kind="error"}`; of a histogram its
// _count and _sum.
type values map[string]float64

// stage is one partition's records, a table and an ingester between them, with its metrics.
type stage struct {
	*running
	cluster *kfake.Cluster
	options Options
	table   *table
	back    ReadBack
	metrics *prometheus.Registry
}

func newStage(t *testing.T, partitions int32) *stage {
	t.Helper()
	c := cluster(t, partitions)
	table := newTable()
	// The double knows that no insert runs, or an insert in doubt would be waited for ten seconds longer.
	s := &stage{
		cluster: c, options: quick(c), table: table,
		back: &watchful{table: table, asked: make(chan string, 1)}, metrics: prometheus.NewRegistry(),
	}
	s.options.GrantTTL = 200 * time.Millisecond
	return s
}

func (s *stage) start(t *testing.T) {
	t.Helper()
	m, err := NewMetrics(s.metrics)
	require.NoError(t, err)
	s.running = startMeasured(t, s.options, s.table, s.back, m)
}

// scrape reads all metrics.
func (s *stage) scrape(t *testing.T) values {
	t.Helper()
	families, err := s.metrics.Gather()
	require.NoError(t, err)
	all := values{}
	for _, family := range families {
		name := strings.TrimPrefix(family.GetName(), "errata_")
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			key := name
			if len(labels) > 0 {
				key += "{" + strings.Join(labels, ",") + "}"
			}
			switch {
			case m.GetHistogram() != nil:
				all[key+"_count"], all[key+"_sum"] = float64(m.GetHistogram().GetSampleCount()), m.GetHistogram().GetSampleSum()
			case m.GetCounter() != nil:
				all[key] = m.GetCounter().GetValue()
			default:
				all[key] = m.GetGauge().GetValue()
			}
		}
	}
	return all
}

// shows waits until a scrape has the wanted values; 0 is also the value of what was never counted.
func (s *stage) shows(t *testing.T, want values) {
	t.Helper()
	var got values
	reached := func() bool {
		all := s.scrape(t)
		got = values{}
		for key := range want {
			got[key] = all[key]
		}
		return maps.Equal(want, got)
	}
	for began := time.Now(); !reached() && time.Since(began) < patience; {
		pause(t.Context(), 5*time.Millisecond)
	}
	require.Equal(t, want, got)
}

// family returns the values of one metric, whatever its labels, except those that were never counted.
func (s *stage) family(t *testing.T, name string) values {
	t.Helper()
	all := s.scrape(t)
	maps.DeleteFunc(all, func(key string, value float64) bool {
		return key != name && !strings.HasPrefix(key, name+"{") || value == 0 && name != "lag"
	})
	return all
}

// send writes records with the given values to partition 0.
func (s *stage) send(t *testing.T, texts ...string) {
	t.Helper()
	cl := client(t, s.cluster)
	records := make([]*kgo.Record, len(texts))
	for n, text := range texts {
		records[n] = &kgo.Record{Value: []byte(text)}
	}
	require.NoError(t, cl.ProduceSync(t.Context(), records...).FirstErr())
}

// failOnce makes the first insert fail after so many of its rows are applied (-1 = all).
func failOnce(table *table, apply int, err error) {
	table.insert = func(_ context.Context, n int, rows []rowKey) (int, error) {
		if n > 1 {
			return -1, nil
		}
		return min(apply, len(rows)), err
	}
}

// What the metrics show in every situation that an operator may meet. Commits: the start, the grant, and the
// acknowledgement after the last block.
func TestMetrics(t *testing.T) {
	const partition = `{partition="0",topic="responses"}`
	retention := func(policy GapPolicy) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			produce(t, s.cluster, 1, 100)
			commitAt(t, s.cluster, 10)
			require.NoError(t, s.cluster.DeleteRecords(testTopic, 0, 60))
			s.options.OnGap = policy
		}
	}
	unreadable := func(policy GapPolicy) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			produce(t, s.cluster, 1, 5)
			spoilt := rawBatch(t, []byte("s1"), 0)
			spoilt[len(spoilt)-1] ^= 1
			spoilAt(s.cluster, 0, func() []byte { return spoilt })
			s.options.OnUnreadable = policy
		}
	}
	commits := func(err *kerr.Error) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			s.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: err, Count: 1})
			s.send(t, "s")
		}
	}
	cases := map[string]struct {
		stage func(t *testing.T, s *stage) // before the ingester starts
		want  values
	}{
		"all well": {
			func(t *testing.T, s *stage) {
				s.options.MaxBlockRows, s.options.QuietFlush = 6, time.Second
				s.send(t, "s1", "s2", "s3", "e1", "x", "f")
			},
			values{
				`records_total{kind="success"}`: 3, `records_total{kind="error"}`: 1, `records_total{kind="dead_letter"}`: 2,
				`dead_letters_total{reason="not_json"}`: 1, `dead_letters_total{reason="time_in_future"}`: 1, `record_bytes_total`: 10,
				`block_rows_count`: 1, `block_rows_sum`: 6, `block_bytes_count`: 1, `block_age_seconds_count`: 1, `insert_seconds_count`: 1,
				`commits_total{outcome="accepted"}`: 3, `lag` + partition: 0, `memory_budget_bytes`: 0,
				`readback_skipped_total`: 0, `offset_holes_total`: 0, `surplus_rows`: 0,
				`partitions_halted`: 0, `partitions_stalled`: 0, `partitions_in_doubt`: 0,
			},
		},
		"idle": {
			func(*testing.T, *stage) {},
			values{`commits_total{outcome="accepted"}`: 1, `lag` + partition: 0, `block_rows_count`: 0, `insert_seconds_count`: 0},
		},
		"rows are in the table already": {
			func(t *testing.T, s *stage) {
				produce(t, s.cluster, 1, 10)
				commitAt(t, s.cluster, 4)
				for offset := range int64(7) {
					s.table.rows[rowKey{0, offset}] = 1
				}
			},
			values{`readback_skipped_total`: 3, `records_total{kind="success"}`: 3, `lag` + partition: 0},
		},
		"transactions leave holes": {
			func(t *testing.T, s *stage) {
				cl := client(t, s.cluster, kgo.TransactionalID("tx"))
				for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
					require.NoError(t, cl.BeginTransaction())
					for range 10 {
						cl.Produce(t.Context(), &kgo.Record{Value: []byte("s")}, nil)
					}
					require.NoError(t, cl.Flush(t.Context()))
					require.NoError(t, cl.EndTransaction(t.Context(), end))
				}
			},
			values{`offset_holes_total`: 12, `records_total{kind="success"}`: 10, `lag` + partition: 0},
		},
		"poisonous row": {
			func(t *testing.T, s *stage) { produce(t, s.cluster, 1, 8); choosy(s.table, rowKey{0, 5}) },
			values{
				`dead_letters_total{reason="refused"}`: 1, `records_total{kind="success"}`: 7, `records_total{kind="dead_letter"}`: 1,
				`lag` + partition: 0,
			},
		},
		"retention was faster, halt": {
			retention(GapHalt), values{`gaps_total{kind="retention"}`: 1, `partitions_halted`: 1, `records_total{kind="success"}`: 0},
		},
		"retention was faster, continue": {
			retention(GapContinue), values{`gaps_total{kind="retention"}`: 1, `partitions_halted`: 0, `records_total{kind="success"}`: 40},
		},
		"unreadable batch, halt": {
			unreadable(GapHalt), values{`partitions_halted`: 1, `gaps_total{kind="unreadable"}`: 0, `records_total{kind="success"}`: 0},
		},
		"unreadable batch, continue": {
			unreadable(GapContinue), values{`partitions_halted`: 0, `gaps_total{kind="unreadable"}`: 1, `records_total{kind="success"}`: 4},
		},
		"somebody moved the offset": {
			func(t *testing.T, s *stage) {
				produce(t, s.cluster, 1, 100)
				commitAt(t, s.cluster, 80)
				s.back = &elder{s.table, 49}
			},
			values{`gaps_total{kind="skipped"}`: 1, `records_total{kind="success"}`: 20},
		},
		"commit refused": {
			commits(kerr.CoordinatorLoadInProgress),
			values{`commits_total{outcome="refused"}`: 1, `commits_total{outcome="accepted"}`: 2, `records_total{kind="success"}`: 1},
		},
		"commit fenced": {
			commits(kerr.IllegalGeneration),
			values{`commits_total{outcome="fenced"}`: 1, `commits_total{outcome="accepted"}`: 3, `records_total{kind="success"}`: 1},
		},
		"commit unanswered": {
			commits(kerr.RequestTimedOut), // it was applied
			values{`commits_total{outcome="unanswered"}`: 1, `commits_total{outcome="accepted"}`: 2, `records_total{kind="success"}`: 1},
		},
		"acknowledgement lost": {
			func(t *testing.T, s *stage) { s.send(t, "s"); failOnce(s.table, -1, errLost) },
			values{
				`insert_errors_total{class="other"}`: 1, `inserts_unacknowledged_total{outcome="ambiguous"}`: 1,
				`resolutions_total{result="present"}`: 1, `insert_seconds_count`: 0, `records_total{kind="success"}`: 1,
				`commits_total{outcome="accepted"}`: 3,
			},
		},
		"rows more than once": {
			func(t *testing.T, s *stage) {
				s.send(t, "s")
				failOnce(s.table, -1, errLost)
				s.back = &doubledByInserts{s.table, storage.Range{Topic: testTopic, Start: 0, End: 1, Surplus: 2}}
			},
			values{`resolutions_total{result="surplus"}`: 1, `partitions_halted`: 1, `surplus_rows`: 2},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, 1)
			c.stage(t, s)
			s.start(t)
			s.shows(t, c.want)
		})
	}
}

// doubledByInserts is a table that reports a row twice once something was inserted.
type doubledByInserts struct {
	*table
	twice storage.Range
}

func (d *doubledByInserts) Present(ctx context.Context, source string, from []storage.Position) ([]storage.Range, error) {
	found, err := d.table.Present(ctx, source, from)
	if len(found) > 0 {
		found = append(found, d.twice)
	}
	return found, err
}

// Every kind of failure of an insert has its class, and says what it means for the grant.
func TestMetricsOfFailedInserts(t *testing.T) {
	insert := func(class storage.Class) *storage.InsertError {
		return &storage.InsertError{Addr: "db:9000", Class: class, Err: errLost}
	}
	tooMany, stale := insert(storage.Later), insert(storage.Later)
	tooMany.Throttle, stale.Stale = true, true
	cases := []struct {
		err            error
		class, outcome string
		missing        float64 // grants that were read back and found empty
	}{
		{&storage.InsertError{Class: storage.Later, Err: storage.ErrUnreachable}, "unreachable", "unsent", 0},
		{insert(storage.Later), "later", "ended", 1},
		{tooMany, "too_many_parts", "ended", 1},
		{stale, "stale", "ended", 1},
		{insert(storage.Configuration), "configuration", "ended", 1},
		{insert(storage.Data), "data", "ended", 1},
		{insert(storage.Ambiguous), "ambiguous", "ambiguous", 1},
		{errLost, "other", "ambiguous", 1},
	}
	for _, c := range cases {
		t.Run(c.class, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 1)
			s.send(t, "s")
			failOnce(s.table, 0, c.err)
			s.start(t)
			s.shows(t, values{
				"insert_errors_total{class=\"" + c.class + "\"}":              1,
				"inserts_unacknowledged_total{outcome=\"" + c.outcome + "\"}": 1,
				`resolutions_total{result="missing"}`:                         c.missing,
				`insert_seconds_count`:                                        1,
				`commits_total{outcome="accepted"}`:                           4, // one more grant
				`lag{partition="0",topic="responses"}`:                        0,
			})
			require.Len(t, s.family(t, "insert_errors_total"), 1)
			require.Len(t, s.family(t, "inserts_unacknowledged_total"), 1)
		})
	}
}

// While an insert takes its time: what waits, how much memory it takes, and how long it took in the end.
func TestMetricsOfABlockUnderWay(t *testing.T) {
	const size, held = 10_000, 50 * time.Millisecond
	s := newStage(t, 1)
	s.options.MaxBlockRows, s.options.QuietFlush, s.options.GrantTTL = 5, time.Second, 10*time.Second
	inserting, proceed := make(chan struct{}), make(chan struct{})
	s.table.insert = func(_ context.Context, n int, _ []rowKey) (int, error) {
		if n == 1 {
			close(inserting)
			<-proceed
		}
		return -1, nil
	}
	s.send(t, slices.Repeat([]string{strings.Repeat("s", size)}, 15)...)
	s.start(t)
	<-inserting
	s.shows(t, values{`lag{partition="0",topic="responses"}`: 15, `block_rows_count`: 0, `record_bytes_total`: 0})
	eventually(t, "the third block's records wait", func() bool { return s.scrape(t)["memory_budget_bytes"] >= 5*size })
	require.LessOrEqual(t, s.scrape(t)["memory_budget_bytes"], float64(s.Ingester.options.fetchMemory()))
	pause(t.Context(), held)
	close(proceed)
	s.shows(t, values{
		`lag{partition="0",topic="responses"}`: 0, `memory_budget_bytes`: 0, `record_bytes_total`: 15 * size,
		`block_rows_count`: 3, `block_rows_sum`: 15, `block_bytes_count`: 3, `insert_seconds_count`: 3,
	})
	end := s.scrape(t)
	require.GreaterOrEqual(t, end["insert_seconds_sum"], held.Seconds())
	require.GreaterOrEqual(t, end["block_age_seconds_sum"], 2*held.Seconds(), "the second waited for the first")
	require.Positive(t, end["block_bytes_sum"])
	s.stop()
	require.Empty(t, s.family(t, "lag"), "whoever does not own a partition says nothing about it")
}

// A predecessor's insert runs on: its partition is in doubt until that has ended.
func TestMetricsOfATakeover(t *testing.T) {
	s := newStage(t, 2)
	produce(t, s.cluster, 2, 10)
	left := grant.Grant{Start: 0, End: 10, Count: 10, Insert: "errata:errata:PREDECESSOR:7", Attempt: 1, Deadline: time.Now().Unix() - 5}
	commitNote(t, s.cluster, 0, grant.Note{Grant: left, Open: true})
	commitNote(t, s.cluster, 1, grant.Note{})
	w := &watchful{table: s.table, asked: make(chan string, 1)}
	w.running.Store(&[]string{left.Insert})
	s.back = w
	s.start(t)
	s.shows(t, values{`partitions_in_doubt`: 1, `records_total{kind="success"}`: 10, `lag{partition="1",topic="responses"}`: 0})
	w.running.Store(nil)
	s.shows(t, values{
		`partitions_in_doubt`: 0, `records_total{kind="success"}`: 20, `lag{partition="0",topic="responses"}`: 0,
		`resolutions_total{result="missing"}`: 1,
	})
}

// The partitions that have halted or stalled are counted as long as they are owned.
func TestMetricsOfPartitionsThatStandStill(t *testing.T) {
	s := newStage(t, 1)
	m, err := NewMetrics(s.metrics)
	require.NoError(t, err)
	i, err := New(s.options, fakeParser{}, s.table, s.table, zerolog.New(zerolog.NewTestWriter(t)), m)
	require.NoError(t, err)
	b, now := newBoard(i), time.Now()
	for id := range int32(3) {
		p := tp{Topic: testTopic, ID: id}
		b.start(p, 5)
		b.heard(p, 5+int64(id), now)
	}
	b.stalled(now)
	s.shows(t, values{`partitions_stalled`: 0})
	b.heard(tp{Topic: testTopic}, 5, now.Add(stallPatience))
	b.stalled(now.Add(stallPatience + time.Second))
	s.shows(t, values{
		`partitions_stalled`: 2, `lag{partition="0",topic="responses"}`: 0,
		`lag{partition="1",topic="responses"}`: 1, `lag{partition="2",topic="responses"}`: 2,
	})
	b.halted(&HaltError{testTopic, 2, "a reason"})
	b.stalled(now.Add(stallPatience + time.Second))
	s.shows(t, values{`partitions_stalled`: 1, `partitions_halted`: 1})
	b.forget()
	s.shows(t, values{`partitions_stalled`: 0, `partitions_halted`: 0})
	require.Empty(t, s.family(t, "lag"))
}

// Every value of a label that can be counted is shown from the beginning, and no other.
func TestMetricsBeginAtZero(t *testing.T) {
	s := newStage(t, 1)
	m, err := NewMetrics(s.metrics)
	require.NoError(t, err)
	before := s.scrape(t)
	for _, o := range []grant.CommitOutcome{grant.Accepted, grant.Refused, grant.Fenced, grant.Unanswered} {
		m.commitOutcome(o)
	}
	for _, o := range []grant.InsertOutcome{grant.Unsent, grant.Ended, grant.Ambiguous} {
		m.unacknowledged(o)
	}
	for _, e := range []grant.Effect{grant.Done, grant.Retry, grant.Halt} {
		m.resolved(e)
	}
	var all tally
	for kind := range all.kinds[1:] {
		all.kinds[kind+1] = 1
	}
	for reason := range all.reasons[1:] {
		all.reasons[reason+1] = 1
	}
	m.count(&all)
	after := s.scrape(t)
	require.Len(t, after, len(before))
	for key, value := range after {
		if strings.Contains(key, "{") && !strings.HasPrefix(key, "gaps_total") && !strings.HasPrefix(key, "insert_errors_total") {
			require.Equal(t, 1.0, value, key)
		}
	}
}

// A registry takes the metrics once.
func TestMetricsAreRegisteredOnce(t *testing.T) {
	reg := prometheus.NewRegistry()
	_, err := NewMetrics(reg)
	require.NoError(t, err)
	_, err = NewMetrics(reg)
	require.Error(t, err)
}

// A scrape in the middle of everything finds no label that was not meant.
func TestLabelsAreClosedVocabularies(t *testing.T) {
	s := newStage(t, 2)
	produce(t, s.cluster, 2, 20)
	var n atomic.Int64
	s.table.insert = func(context.Context, int, []rowKey) (int, error) {
		if n.Add(1) == 1 {
			return 0, fmt.Errorf("%s: %w", "a secret of the server", errLost)
		}
		return -1, nil
	}
	s.start(t)
	s.shows(t, values{`records_total{kind="success"}`: 40})
	for key := range s.scrape(t) {
		require.NotContains(t, key, "secret")
	}
}
