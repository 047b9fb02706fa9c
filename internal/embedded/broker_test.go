package embedded

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
)

func broker(t *testing.T, o BrokerOptions) *Broker {
	t.Helper()
	b, err := StartBroker(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// produce appends records of the given size to one partition, in batches of 100.
func produce(t *testing.T, b *Broker, topic string, partition, records, size int) {
	t.Helper()
	conn, err := kafka.DialLeader(context.Background(), "tcp", b.Addr(), topic, partition)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	noise := rand.NewChaCha8([32]byte{1})
	for done := 0; done < records; {
		batch := make([]kafka.Message, min(100, records-done))
		for i := range batch {
			value := make([]byte, size)
			_, err := noise.Read(value)
			require.NoError(t, err)
			batch[i] = kafka.Message{Key: []byte(strconv.Itoa(done + i)), Value: value}
		}
		_, err := conn.WriteMessages(batch...)
		require.NoError(t, err)
		done += len(batch)
	}
}

func firstOffset(t *testing.T, b *Broker, topic string, partition int) int64 {
	t.Helper()
	conn, err := kafka.DialLeader(context.Background(), "tcp", b.Addr(), topic, partition)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	first, err := conn.ReadFirstOffset()
	require.NoError(t, err)
	return first
}

func TestBrokerServesConsumerGroups(t *testing.T) {
	b := broker(t, BrokerOptions{Topics: map[string]int32{"responses": 2, "other": 1}})
	produce(t, b, "responses", 0, 10, 20)
	produce(t, b, "responses", 1, 10, 20)
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{b.Addr()}, GroupID: "g", Topic: "responses", MaxWait: 10 * time.Millisecond})
	defer func() { require.NoError(t, reader.Close()) }()
	for range 20 {
		m, err := reader.FetchMessage(ctx)
		require.NoError(t, err)
		require.NoError(t, reader.CommitMessages(ctx, m))
	}
}

func TestBrokersHaveClusterIDsOfTheirOwn(t *testing.T) {
	first, second := broker(t, BrokerOptions{}), broker(t, BrokerOptions{})
	require.NotEqual(t, first.ClusterID(), second.ClusterID())
	for _, b := range []*Broker{first, second} {
		client := kafka.Client{Addr: kafka.TCP(b.Addr())}
		answer, err := client.Metadata(context.Background(), &kafka.MetadataRequest{})
		require.NoError(t, err)
		require.Equal(t, b.ClusterID(), answer.ClusterID)
		require.Len(t, answer.Brokers, 1)
		require.Equal(t, b.Addr(), fmt.Sprintf("%s:%d", answer.Brokers[0].Host, answer.Brokers[0].Port))
	}
}

func TestBrokerCreatesNoTopicByItself(t *testing.T) {
	b := broker(t, BrokerOptions{})
	ctx := context.Background()
	client := kafka.Client{Addr: kafka.TCP(b.Addr())}
	answer, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{"typo"}})
	require.NoError(t, err)
	require.Len(t, answer.Topics, 1)
	require.ErrorIs(t, answer.Topics[0].Error, kafka.UnknownTopicOrPartition)
	require.NoError(t, b.CreateTopic(ctx, "typo", 1))
	require.ErrorIs(t, b.CreateTopic(ctx, "typo", 1), kerr.TopicAlreadyExists)
	require.Error(t, b.CreateTopic(ctx, "none", 0))
	produce(t, b, "typo", 0, 1, 1)
}

// heap is what lives after a collection.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestDropBeforeFreesRecordsAndMemory(t *testing.T) {
	const records, size, mib = 24_000, 1000, 1 << 20
	ctx := context.Background()
	b := broker(t, BrokerOptions{Topics: map[string]int32{"responses": 2}})
	before := heap()
	produce(t, b, "responses", 0, records, size)
	produce(t, b, "responses", 1, 1000, size)
	full, err := b.Retained(ctx, "responses")
	require.NoError(t, err)
	require.Greater(t, full, int64((records+1000)*size))
	require.Greater(t, heap()-before, int64(20*mib))

	require.NoError(t, b.DropBefore(ctx, "responses", 0, records-100))
	left, err := b.Retained(ctx, "responses")
	require.NoError(t, err)
	require.Less(t, left, int64(1200*(size+100)))
	require.Equal(t, int64(records-100), firstOffset(t, b, "responses", 0))
	require.Zero(t, firstOffset(t, b, "responses", 1), "other partitions keep theirs")
	require.Less(t, heap()-before, int64(8*mib))

	require.NoError(t, b.DropBefore(ctx, "responses", 0, 5), "what is gone is no error")
	require.NoError(t, b.DropBefore(ctx, "responses", 0, records))
	produce(t, b, "responses", 0, 1, size)
	require.Equal(t, int64(records), firstOffset(t, b, "responses", 0), "offsets go on")
}

func TestDropBeforeRefusesNonsense(t *testing.T) {
	ctx := context.Background()
	b := broker(t, BrokerOptions{Topics: map[string]int32{"responses": 1}})
	produce(t, b, "responses", 0, 3, 1)
	require.ErrorIs(t, b.DropBefore(ctx, "responses", 0, 4), kerr.OffsetOutOfRange)
	require.ErrorIs(t, b.DropBefore(ctx, "responses", 0, -1), kerr.OffsetOutOfRange)
	require.ErrorIs(t, b.DropBefore(ctx, "responses", 1, 0), kerr.UnknownTopicOrPartition)
	_, err := b.Retained(ctx, "typo")
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
	require.Zero(t, firstOffset(t, b, "responses", 0))
}

func TestBrokerListensOnLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:9092", ":9092", "example.com:9092", "nonsense"} {
		_, err := StartBroker(context.Background(), BrokerOptions{Addr: addr})
		require.ErrorContains(t, err, "listen address", addr)
	}
	b := broker(t, BrokerOptions{Addr: "localhost:0"})
	require.NoError(t, b.Close())
	again := broker(t, BrokerOptions{Addr: b.Addr()})
	require.Equal(t, b.Addr(), again.Addr())
	_, err := StartBroker(context.Background(), BrokerOptions{Addr: b.Addr()})
	require.ErrorContains(t, err, "address already in use")
}

func TestClosedBroker(t *testing.T) {
	b := broker(t, BrokerOptions{Topics: map[string]int32{"responses": 1}})
	ctx := context.Background()
	var wg sync.WaitGroup
	for range 4 { // calls that race with Close return all the same
		wg.Go(func() {
			for b.DropBefore(ctx, "responses", 0, 0) == nil {
			}
		})
	}
	require.NoError(t, b.Close())
	wg.Wait()
	require.NoError(t, b.Close())
	require.ErrorIs(t, b.CreateTopic(ctx, "x", 1), ErrBrokerClosed)
	require.ErrorIs(t, b.DropBefore(ctx, "responses", 0, 0), ErrBrokerClosed)
	_, err := b.Retained(ctx, "responses")
	require.ErrorIs(t, err, ErrBrokerClosed)
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, b.CreateTopic(canceled, "x", 1), context.Canceled)
	_, err = StartBroker(canceled, BrokerOptions{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestBrokerOnDiskKeepsEverything(t *testing.T) {
	ctx := context.Background()
	options := BrokerOptions{DataDir: t.TempDir(), Topics: map[string]int32{"responses": 1}}
	b := broker(t, options)
	produce(t, b, "responses", 0, 10, 100)
	require.NoError(t, b.DropBefore(ctx, "responses", 0, 4))
	_, err := StartBroker(ctx, options)
	require.ErrorContains(t, err, "in use", "two brokers on one directory")
	require.NoError(t, b.Close())

	options.Topics["second"] = 3
	again := broker(t, options)
	require.Equal(t, b.ClusterID(), again.ClusterID())
	require.Equal(t, int64(4), firstOffset(t, again, "responses", 0))
	produce(t, again, "second", 2, 1, 1)
	produce(t, again, "responses", 0, 1, 1)
	require.NoError(t, again.DropBefore(ctx, "responses", 0, 11))
}
