package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func publisher(t *testing.T, c *kfake.Cluster, o PublisherOptions) *Publisher {
	t.Helper()
	o.Brokers, o.Topic = c.ListenAddrs(), testTopic
	o.PollInterval, o.RetryBackoff = 10*time.Millisecond, 20*time.Millisecond
	p, err := NewPublisher(o, zerolog.New(zerolog.NewTestWriter(t)))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// consume reads n records with another client.
func consume(t *testing.T, c *kfake.Cluster, n int) []*kgo.Record {
	t.Helper()
	cl := client(t, c, kgo.ConsumeTopics(testTopic), kgo.FetchMaxBytes(50<<20), kgo.FetchMaxPartitionBytes(50<<20))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var records []*kgo.Record
	for len(records) < n {
		fetches := cl.PollFetches(ctx)
		require.NoError(t, fetches.Err())
		records = append(records, fetches.Records()...)
	}
	require.Len(t, records, n)
	return records
}

func TestPublishesEachLineOnce(t *testing.T) {
	t.Parallel()
	for _, codec := range []kafka.Compression{0, kafka.Lz4} {
		c := cluster(t, 3)
		p := publisher(t, c, PublisherOptions{Compression: codec, BatchBytes: 4096})
		var text strings.Builder
		for n := range 2000 {
			fmt.Fprintf(&text, "line %d%s", n, []string{"\n", "\r\n", "\n\n \t\r\n"}[n%3])
		}
		text.WriteString("the last one has no end")
		done, err := p.Publish(t.Context(), strings.NewReader(text.String()))
		require.NoError(t, err)
		require.EqualValues(t, 2001, done.Records)
		require.Zero(t, done.Truncated)
		seen := map[string]bool{}
		ends := map[int32]int64{}
		for _, r := range consume(t, c, 2001) {
			seen[string(r.Value)] = true
			ends[r.Partition] = max(ends[r.Partition], r.Offset+1)
		}
		require.Len(t, seen, 2001)
		require.True(t, seen["line 0"] && seen["line 1"] && seen["line 2"] && seen["the last one has no end"])
		require.Equal(t, ends, p.Ends())
		require.Len(t, ends, 3, "all partitions get their share")
	}
}

func TestALineThatIsTooLongBecomesOneCutRecord(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	p := publisher(t, c, PublisherOptions{})
	long := strings.Repeat("x", 10<<20)
	done, err := p.Publish(t.Context(), strings.NewReader("first\n"+long+"\r\nlast\n"))
	require.NoError(t, err)
	require.EqualValues(t, 3, done.Records)
	require.EqualValues(t, 1, done.Truncated)
	records := consume(t, c, 3)
	require.Equal(t, "first", string(records[0].Value))
	require.Equal(t, "last", string(records[2].Value))
	cut := records[1]
	require.Greater(t, len(cut.Value), 900_000)
	require.Equal(t, long[:len(cut.Value)], string(cut.Value))
	require.Equal(t, []kgo.RecordHeader{{Key: HeaderTruncated, Value: []byte("10485760")}}, cut.Headers)
}

func TestABrokerWithALowerLimitGetsSmallerRecords(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "2000"}))
	p := publisher(t, c, PublisherOptions{})
	text := strings.Repeat("a short line\n", 500) + strings.Repeat("y", 5000) + "\nend\n"
	done, err := p.Publish(t.Context(), strings.NewReader(text))
	require.NoError(t, err)
	require.EqualValues(t, 502, done.Records)
	require.EqualValues(t, 1, done.Truncated)
	records := consume(t, c, 502)
	require.Equal(t, "5000", string(records[500].Headers[0].Value))
	require.Equal(t, "end", string(records[501].Value))
}

func TestPublisherTriesAgain(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 3})
	p := publisher(t, c, PublisherOptions{})
	_, err := p.Publish(t.Context(), strings.NewReader("one\ntwo\n"))
	require.NoError(t, err)
	require.Len(t, consume(t, c, 2), 2)
}

// The log of ingest load names no method of the client's.
func TestPublisherSaysThatTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	p, err := NewPublisher(PublisherOptions{Brokers: []string{closedAddress(t)}, Topic: testTopic}, zerolog.Nop())
	require.NoError(t, err)
	defer p.Close()
	_, err = p.request(t.Context(), 0, []line{{}})
	require.ErrorContains(t, err, "produce: ")
	require.NotContains(t, err.Error(), "kafka.(*")
}

func TestPublisherSendsWhatAQuietPipeHolds(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	p := publisher(t, c, PublisherOptions{})
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := p.Publish(t.Context(), in)
		ended <- err
	}()
	_, err := out.Write([]byte("one\n"))
	require.NoError(t, err)
	require.Len(t, consume(t, c, 1), 1)
	require.NoError(t, out.CloseWithError(errors.New("pipe broke")))
	require.ErrorContains(t, <-ended, "pipe broke")
}

func TestPublisherStaysWithinReachOfTheGroup(t *testing.T) {
	t.Parallel()
	const ahead = 50_000
	c := cluster(t, 2)
	p := publisher(t, c, PublisherOptions{Group: "errata", Ahead: ahead, BatchBytes: 4096})
	text := []byte(strings.Repeat("s "+strings.Repeat("z", 98)+"\n", 3000))
	ended := make(chan error, 1)
	go func() {
		_, err := p.Publish(t.Context(), bytes.NewReader(text))
		ended <- err
	}()
	waiting := func() int64 { p.track.mu.Lock(); defer p.track.mu.Unlock(); return p.track.ahead }
	eventually(t, "the reach is used up", func() bool { return waiting() > ahead-4096 })
	require.LessOrEqual(t, waiting(), int64(ahead))
	require.Empty(t, ended)

	var worst atomic.Int64
	o := quick(c)
	o.OnCommit = func(topic string, partition int32, offset int64) {
		worst.Store(max(worst.Load(), waiting()))
		p.Committed(topic, partition, offset)
	}
	table := newTable()
	start(t, o, table)
	require.NoError(t, <-ended)
	require.NoError(t, p.WaitUntil(t.Context(), p.Ends()))
	require.Equal(t, 3000, table.count(), "committed means delivered")
	require.LessOrEqual(t, worst.Load(), int64(ahead))
}

func TestPublisherHearsOfCommitsOfOtherMembers(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	p := publisher(t, c, PublisherOptions{Group: "errata", Ahead: 10_000, BatchBytes: 2048})
	start(t, quick(c), newTable())
	_, err := p.Publish(t.Context(), strings.NewReader(strings.Repeat("s "+strings.Repeat("z", 98)+"\n", 1000)))
	require.NoError(t, err)
	require.NoError(t, p.WaitUntil(t.Context(), p.Ends()))
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	p := publisher(t, c, PublisherOptions{Group: "errata"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.WaitUntil(ctx, map[int32]int64{0: 1}), context.DeadlineExceeded)
}

func TestPublisherOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []PublisherOptions{{}, {Brokers: []string{"b:1"}}, {Topic: "t"}, {Brokers: []string{"b:1"}, Topic: "t", BatchBytes: 10}} {
		_, err := NewPublisher(o, zerolog.Nop())
		require.Error(t, err)
	}
}
