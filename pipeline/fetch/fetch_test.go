package fetch

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
	"github.com/errata-dev/errata/pipeline/fetch/batch/batchtest"
)

func TestWhatFranzGoWritesIsRead(t *testing.T) {
	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	c := cluster(t, int32(len(codecs)))
	values := numbered(1000)
	for id, codec := range codecs {
		cl := client(t, c.ListenAddrs(), kgo.ProducerBatchCompression(codec))
		for portion := range slices.Chunk(values, 100) {
			records := []*kgo.Record{}
			for _, v := range portion {
				records = append(records, &kgo.Record{Partition: int32(id), Key: []byte("key"), Value: []byte(v), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}})
			}
			require.NoError(t, cl.ProduceSync(t.Context(), records...).FirstErr())
		}
	}
	f := fetch(t, quick(t, c.ListenAddrs()), from(int32(len(codecs)), 0))
	for id := range codecs {
		eventually(t, "all records", func() bool { return len(f.read(int32(id))) == 1000 })
		require.Equal(t, expected(0, values...), f.read(int32(id)))
		require.Equal(t, int64(1000), f.highAt(int32(id)))
	}
}

func TestEveryVersionOfTheProtocol(t *testing.T) {
	for _, version := range []*kversion.Versions{kversion.V0_11_0(), kversion.V1_0_0(), kversion.V1_1_0(), kversion.V2_0_0(), kversion.V2_1_0(), kversion.V2_3_0(), kversion.V4_0_0()} {
		most, _ := version.LookupMaxKeyVersion(int16(kmsg.Fetch))
		t.Run(fmt.Sprintf("v%d", most), func(t *testing.T) {
			t.Parallel()
			c := cluster(t, 1, kfake.MaxVersions(version))
			values := numbered(10)
			produce(t, c, 0, values...)
			f := fetch(t, quick(t, c.ListenAddrs()), from(1, 3))
			eventually(t, "all records", func() bool { return slices.Equal(expected(3, values[3:]...), f.read(0)) })
		})
	}
}

func TestABrokerThatIsTooOldIsRefused(t *testing.T) {
	c := cluster(t, 1, kfake.MaxVersions(kversion.V0_10_0()))
	f := fetch(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "stuck", func() bool {
		f.witness.mu.Lock()
		defer f.witness.mu.Unlock()
		return errors.Is(f.stuck[Partition{testTopic, 0}], errTooOld)
	})
}

func TestOnlyCommittedTransactionsAreRead(t *testing.T) {
	c := cluster(t, 1)
	cl := client(t, c.ListenAddrs(), kgo.TransactionalID("tx"))
	var want []string
	for i := range 6 {
		require.NoError(t, cl.BeginTransaction())
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Value: fmt.Appendf(nil, "tx %d", i)}).FirstErr())
		commit := kgo.TransactionEndTry(i%3 != 1)
		require.NoError(t, cl.EndTransaction(t.Context(), commit))
		if commit {
			want = append(want, fmt.Sprintf("%d=tx %d", 2*i, i))
		}
		produce(t, c, 0) // nothing
	}
	f := fetch(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "the last marker", func() bool { return f.at(0) == 12 })
	require.Equal(t, want, f.read(0))
}

func TestLeadersMayMove(t *testing.T) {
	c := cluster(t, 6, kfake.NumBrokers(3))
	f := fetch(t, quick(t, c.ListenAddrs()), from(6, 0))
	for round := range 10 {
		for id := range int32(6) {
			produce(t, c, id, fmt.Sprintf("round %d", round))
		}
		c.ShufflePartitionLeaders()
		if round%3 == 0 {
			eventually(t, "all records", func() bool { return f.at(int32(round%6)) == int64(round+1) })
		}
	}
	for id := range int32(6) {
		eventually(t, "all records", func() bool { return len(f.read(id)) == 10 })
	}
}

func TestAPartitionMayComeLater(t *testing.T) {
	c := cluster(t, 2)
	produce(t, c, 0, "zero")
	produce(t, c, 1, "one")
	f := fetch(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "zero", func() bool { return len(f.read(0)) == 1 })
	f.Add(Partition{testTopic, 1}, Start{})
	eventually(t, "one", func() bool { return len(f.read(1)) == 1 })
}

func TestAChunkCarriesWhatWasHeld(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 0, "a", "b")
	config := quick(t, c.ListenAddrs())
	config.Observer = newWitness()
	f := New(config)
	f.Add(Partition{testTopic, 0}, Start{Next: 1})
	out := make(chan *Chunk)
	go f.Run(t.Context(), out)
	chunk := <-out
	require.Equal(t, Mark{1, Checksum([]byte("b")), true}, chunk.Mark(0))
	require.InDelta(t, time.Now().UnixMilli(), chunk.Fetched, float64(patience.Milliseconds()))
	require.Equal(t, chunk.Size(), config.Budget.InUse())
	require.Equal(t, "b", string(chunk.Value(0)))
	chunk.Release()
	require.Zero(t, config.Budget.InUse())
}

// poisons are answers that no reader can make sense of, and the offsets they hold as far as they say so.
func poisons() map[string][]byte {
	three := data(1, "a", "b", "c")
	return map[string][]byte{
		"checksum": spoiled(three, 70, 0xff),
		"codec":    batchtest.Seal(spoiled(three, 22, 7)),
		"garbage":  batchtest.Seal(spoiled(three, 22, byte(batchtest.Zstd))),
		"records":  batchtest.Seal(spoiled(three, 61, 0xff)),
		"magic 0":  batchtest.Old(3, 0, "v"),
		"magic 1":  batchtest.Old(3, 1, "v"),
		"bomb":     batchtest.Seal(spoiled(batchtest.Batch{Base: 1, LastDelta: 2, Codec: batchtest.ZstdUnsized, Records: []batchtest.Record{{Value: make([]byte, 8<<20)}}}, 30, 0)),
	}
}

// poisoned starts a fetcher on two partitions of which the first has a poison after its first record.
func poisoned(t *testing.T, poison []byte, policy Policy, more func(*fetching)) (*fetching, *scripted) {
	c := cluster(t, 2)
	s := script(c, 100, map[int32][]logged{
		0: slices.Concat(log(data(0, "before")), []logged{{3, poison}}, log(data(4, "after"))),
		1: log(data(0, "healthy")),
	})
	config := quick(t, c.ListenAddrs())
	config.OnUnreadable, config.MaxBatchBytes = policy, 4<<20
	f := &fetching{witness: newWitness(), got: map[Partition][]string{}, next: map[Partition]int64{}}
	if more != nil {
		more(f)
	}
	return f.start(t, config, from(2, 0)), s
}

func TestPoisonHaltsItsPartition(t *testing.T) {
	for name, poison := range poisons() {
		t.Run(name, func(t *testing.T) {
			f, s := poisoned(t, poison, Halt, nil)
			eventually(t, "halted", func() bool { return f.haltedAt(0) != "" })
			require.Contains(t, f.haltedAt(0), "the records [1, 4) cannot be read (5 attempts")
			require.Contains(t, f.haltedAt(0), "commit the offset 4")
			require.Equal(t, []string{"0=before"}, f.read(0), "what came before is read, and nothing after")
			s.replace(1, log(data(0, "healthy"), data(1, "still")))
			eventually(t, "the other goes on", func() bool { return len(f.read(1)) == 2 })
			require.Empty(t, f.haltedAt(1))
			require.Empty(t, f.gaps(0))
		})
	}
}

func TestPoisonIsSkippedByPolicy(t *testing.T) {
	for name, poison := range poisons() {
		t.Run(name, func(t *testing.T) {
			f, _ := poisoned(t, poison, Skip, func(f *fetching) { f.refuse = 2 })
			eventually(t, "after it", func() bool { return f.at(0) == 5 })
			require.Equal(t, []string{"0=before", "gap [1, 4)", "4=after"}, f.read(0))
			require.Equal(t, []Span{{1, 4}}, f.gaps(0))
			require.Empty(t, f.haltedAt(0))
		})
	}
}

func TestPoisonThatCannotBeMeasuredHaltsInAnyCase(t *testing.T) {
	three := data(1, "a", "b", "c")
	for name, poison := range map[string][]byte{
		"base offset": spoiled(three, 4, 1), "negative delta": spoiled(three, 23, 0xff), "magic": spoiled(three, 16, 9),
		"length": spoiled(three, 8, 0xff), "after a hole": spoiled(data(2, "b"), 66, 0xff),
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := poisoned(t, poison, Skip, nil)
			eventually(t, "halted", func() bool { return f.haltedAt(0) != "" })
			require.Contains(t, f.haltedAt(0), "not to be trusted; nothing was skipped")
			require.Contains(t, f.haltedAt(0), "commit a later offset")
			require.Equal(t, []string{"0=before"}, f.read(0))
			require.Empty(t, f.gaps(0))
		})
	}
}

func TestPoisonMayPass(t *testing.T) {
	f, s := poisoned(t, spoiled(data(1, "a", "b", "c"), 70, 0xff), Halt, nil)
	eventually(t, "the first strikes", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.requests > 3 })
	s.replace(0, log(data(0, "before"), data(1, "a", "b", "c")))
	eventually(t, "read after all", func() bool { return f.at(0) == 4 || f.haltedAt(0) != "" })
}

// TestOddButRight is what looks like poison, and is not.
func TestOddButRight(t *testing.T) {
	c := cluster(t, 1)
	s := script(c, 100, map[int32][]logged{0: log(
		batchtest.Batch{Base: 0, LastDelta: 2}, // no records
		batchtest.Batch{Base: 3, Records: []batchtest.Record{{}, {Delta: 1, Key: []byte{}, Value: []byte{}}}},
		batchtest.Batch{Base: 5, Records: []batchtest.Record{{Value: []byte("large"), Headers: make([]byte, 1<<20)}}},
		batchtest.Batch{Base: 6, ProducerID: 9, Transactional: true, Records: batchtest.Values("aborted")},
		batchtest.Marker(7, 9, false),
		batchtest.Batch{Base: 8, ProducerID: 9, Transactional: true, Records: batchtest.Values("committed")},
		batchtest.Marker(9, 9, true),
		batchtest.Batch{Base: 20, Codec: batchtest.SnappyXerial, Records: batchtest.Values(strings.Repeat("x", 3<<20))},
	)})
	s.aborted[0] = []batch.Aborted{{ProducerID: 9, FirstOffset: 6}}
	f := fetch(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "the end", func() bool { return f.at(0) == 21 })
	require.Equal(t, []string{"3=", "4=", "5=large", "8=committed", "20=" + strings.Repeat("x", 40)}, f.read(0))
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Greater(t, s.largest, int32(1<<20), "the batch with the headers needed more")
}

func TestOffsetsOutOfRange(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 0, numbered(20)...)
	require.NoError(t, c.DeleteRecords(testTopic, 0, 15))
	f := &fetching{witness: newWitness(), got: map[Partition][]string{}, next: map[Partition]int64{}}
	asked := 0
	f.decide = func(_ Partition, next int64) (int64, string, error) {
		require.Equal(t, int64(5), next)
		if asked++; asked < 3 {
			return 0, "", errors.New("cannot tell yet")
		}
		return 15, "", nil
	}
	f.start(t, quick(t, c.ListenAddrs()), from(1, 5))
	eventually(t, "the end", func() bool { return f.at(0) == 20 })
	require.Equal(t, append([]string{"gap [5, 15)"}, expected(15, numbered(20)[15:]...)...), f.read(0))

	g := fetch(t, quick(t, c.ListenAddrs()), from(1, 25))
	eventually(t, "halted", func() bool { return g.haltedAt(0) == "out of range" })
}

func TestATopicThatWasRecreatedBeforeTheStart(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 0, numbered(20)...)
	last := Mark{9, Checksum([]byte("value 9")), true}
	f := fetch(t, quick(t, c.ListenAddrs()), map[int32]Start{0: {Next: 10, Last: last}})
	eventually(t, "the end", func() bool { return f.at(0) == 20 })
	require.Equal(t, expected(10, numbered(20)[10:]...), f.read(0))
	last.Checksum++
	f = fetch(t, quick(t, c.ListenAddrs()), map[int32]Start{0: {Next: 10, Last: last}})
	eventually(t, "halted", func() bool { return strings.Contains(f.haltedAt(0), "the topic was re-created") })
	require.Empty(t, f.read(0))
	require.NoError(t, c.DeleteRecords(testTopic, 0, 10))
	f = fetch(t, quick(t, c.ListenAddrs()), map[int32]Start{0: {Next: 10, Last: last}})
	eventually(t, "the end", func() bool { return f.at(0) == 20 })
}

func TestATopicThatIsRecreatedWhileItIsRead(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 0, numbered(10)...)
	f := fetch(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "the end", func() bool { return f.at(0) == 10 })
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.UnknownTopicOrPartition, Count: -1})
	require.NoError(t, fault.Wait(t.Context(), 1))
	require.NoError(t, c.DeleteTopic(testTopic))
	require.NoError(t, c.CreateTopic(testTopic, 1, nil))
	other := numbered(20)
	for i := range other {
		other[i] = "other " + other[i]
	}
	produce(t, c, 0, other...)
	fault.Remove()
	eventually(t, "halted", func() bool { return strings.Contains(f.haltedAt(0), "the topic was re-created") })
	require.Len(t, f.read(0), 10)
}

// TestARecreatedTopicThatGrowsSlowly is shorter than what was read when it comes back, and longer when it
// is read on.
func TestARecreatedTopicThatGrowsSlowly(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 0, numbered(10)...)
	f := &fetching{witness: newWitness(), got: map[Partition][]string{}, next: map[Partition]int64{}}
	asked := 0
	f.decide = func(_ Partition, next int64) (int64, string, error) {
		if asked++; asked == 1 {
			return 0, "", errors.New("cannot tell yet")
		}
		return next, "", nil // it is in range by now
	}
	f.start(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "the end", func() bool { return f.at(0) == 10 })
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.UnknownTopicOrPartition, Count: -1})
	require.NoError(t, fault.Wait(t.Context(), 1))
	require.NoError(t, c.DeleteTopic(testTopic))
	require.NoError(t, c.CreateTopic(testTopic, 1, nil))
	fault.Remove()
	eventually(t, "too short", func() bool {
		f.witness.mu.Lock()
		defer f.witness.mu.Unlock()
		return asked > 0
	})
	produce(t, c, 0, numbered(30)[10:]...)
	eventually(t, "halted", func() bool { return strings.Contains(f.haltedAt(0), "the topic was re-created") })
	require.Len(t, f.read(0), 10)
}

func TestATopicThatIsUnknownForAMomentGoesOn(t *testing.T) {
	c := cluster(t, 1)
	produce(t, c, 0, numbered(10)...)
	f := fetch(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "the end", func() bool { return f.at(0) == 10 })
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.UnknownTopicOrPartition, Count: -1})
	require.NoError(t, fault.Wait(t.Context(), 8))
	eventually(t, "stuck", func() bool {
		f.witness.mu.Lock()
		defer f.witness.mu.Unlock()
		return errors.Is(f.stuck[Partition{testTopic, 0}], kafka.UnknownTopicOrPartition)
	})
	fault.Remove()
	produce(t, c, 0, "more")
	eventually(t, "the new end", func() bool { return f.at(0) == 11 })
	f.witness.mu.Lock()
	defer f.witness.mu.Unlock()
	require.Empty(t, f.stuck, "and is told so")
	require.Empty(t, f.halted)
}

// TestALargeBacklogKeepsWithinItsBudget reads from many partitions with large records into a slow reader.
func TestALargeBacklogKeepsWithinItsBudget(t *testing.T) {
	const partitions = 200
	c := cluster(t, partitions, kfake.NumBrokers(2))
	values := strings.Repeat("0123456789abcdef", 1<<16)
	cl := client(t, c.ListenAddrs(), kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(16<<20))
	for id := range int32(partitions) {
		cl.Produce(t.Context(), &kgo.Record{Partition: id, Value: []byte(values)}, nil)
	}
	require.NoError(t, cl.Flush(t.Context()))
	config := quick(t, c.ListenAddrs())
	config.Budget, config.Observer = NewBudget(16<<20), newWitness()
	f := New(config)
	for id := range int32(partitions) {
		f.Add(Partition{testTopic, id}, Start{})
	}
	out := make(chan *Chunk)
	go f.Run(t.Context(), out)
	next := map[Partition]int64{}
	var held []*Chunk
	var most int64
	deadline := time.After(4 * patience)
	for left := int64(partitions); left > 0; {
		slow := time.After(5 * time.Millisecond)
		select {
		case chunk := <-out:
			require.Equal(t, next[chunk.Partition], chunk.Span.From)
			next[chunk.Partition] = chunk.Span.To
			left -= chunk.Span.Len()
			held = append(held, chunk)
			most = max(most, config.Budget.InUse())
		case <-slow: // it may wait for room
			if len(held) > 0 {
				held[0].Release()
				held = held[1:]
			}
		case <-deadline:
			t.Fatalf("%d records are missing", left)
		}
	}
	require.Len(t, next, partitions)
	require.LessOrEqual(t, most, int64(20<<20))
}

func TestABatchLargerThanTheBudgetGoesAlone(t *testing.T) {
	c := cluster(t, 1)
	script(c, 9, map[int32][]logged{0: log(
		data(0, "small"), batchtest.Batch{Base: 1, Codec: batchtest.Gzip, Records: batchtest.Values(strings.Repeat("x", 12<<20))},
		data(2, "small"),
	)})
	config := quick(t, c.ListenAddrs())
	config.Budget = NewBudget(4 << 20)
	f := fetch(t, config, from(1, 0))
	eventually(t, "the end", func() bool { return f.at(0) == 3 })
}

// TestNothingIsLeftBehindWhenItEnds ends a fetcher while a broker sits on its answer.
func TestNothingIsLeftBehindWhenItEnds(t *testing.T) {
	c := cluster(t, 1)
	config := quick(t, c.ListenAddrs())
	config.FetchWait, config.RequestTimeout = time.Minute, time.Minute
	f := fetch(t, config, from(1, 0))
	produce(t, c, 0, "one")
	eventually(t, "one", func() bool { return f.at(0) == 1 })
	begun := time.Now()
	f.stop()
	require.Less(t, time.Since(begun), patience)
}

// TestConnectionsMayBreak cuts them at random places.
func TestConnectionsMayBreak(t *testing.T) {
	var conns atomic.Int64
	c := cluster(t, 2, kfake.ListenFn(func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		return &fragile{l, &conns}, err
	}))
	values := numbered(3000)
	for i := range 10 {
		produce(t, c, 0, values[i*300:(i+1)*300]...)
	}
	f := fetch(t, quick(t, c.ListenAddrs()), from(1, 0))
	eventually(t, "all records", func() bool { return f.at(0) == 3000 })
	require.Equal(t, expected(0, values...), f.read(0))
}

// fragile is a listener of whose first connections each breaks after some bytes.
type fragile struct {
	net.Listener
	conns *atomic.Int64
}

func (f *fragile) Accept() (net.Conn, error) {
	conn, err := f.Listener.Accept()
	n := f.conns.Add(1)
	if err != nil || n%3 != 0 || n > 60 {
		return conn, err
	}
	return &breaking{conn, int(n * 700)}, nil
}

type breaking struct {
	net.Conn
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		_ = b.Close()
		return 0, net.ErrClosed
	}
	return b.Conn.Write(p)
}
