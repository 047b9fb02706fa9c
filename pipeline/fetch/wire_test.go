package fetch

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
)

// askedFor returns an exchange that asks for these partitions.
func askedFor(version int16, partitions ...Partition) *exchange {
	config := Config{}.withDefaults()
	x := &exchange{config: &config, clientID: "client", version: version, maxWait: 700 * time.Millisecond, bytes: 1 << 20, most: 1 << 20}
	for i, p := range partitions {
		x.asked = append(x.asked, asked{&position{partition: p}, int64(i + 40), i + 1000})
	}
	return x
}

var somePartitions = []Partition{{"a", 3}, {"a", 1}, {"b", 0}}

func TestTheRequestIsWhatBrokersRead(t *testing.T) {
	for version := int16(oldestVersion); version <= newestVersion; version++ {
		x := askedFor(version, somePartitions...)
		x.encode()
		require.Equal(t, len(x.request)-4, int(binary.BigEndian.Uint32(x.request)))
		require.Equal(t, []byte{0, 1, 0, byte(version), 0, 0, 0, correlationID, 0, 6}, x.request[4:14])
		require.Equal(t, "client", string(x.request[14:20]))
		got := kmsg.FetchRequest{Version: version}
		require.NoError(t, got.ReadFrom(x.request[20:]))
		require.Equal(t, x.request[20:], got.AppendTo(nil), "nothing is left over")
		require.Equal(t, []any{int32(-1), int32(700), int32(1), int32(1 << 20), int8(1)},
			[]any{got.ReplicaID, got.MaxWaitMillis, got.MinBytes, got.MaxBytes, got.IsolationLevel})
		require.Len(t, got.Topics, 2)
		require.Equal(t, "a", got.Topics[0].Topic)
		require.Len(t, got.Topics[0].Partitions, 2)
		second := got.Topics[0].Partitions[1]
		require.Equal(t, []any{int32(1), int64(41), int32(1001), int32(-1)},
			[]any{second.Partition, second.FetchOffset, second.PartitionMaxBytes, second.CurrentLeaderEpoch})
		require.Equal(t, "b", got.Topics[1].Topic)
		require.Len(t, got.Topics[1].Partitions, 1)
	}
}

// answered is an answer for somePartitions and for one that nobody asked for.
func answered(version int16) []byte {
	resp := kmsg.NewPtrFetchResponse()
	resp.Version = version
	add := func(topic string, id int32, records string, aborted ...int64) {
		p := kmsg.NewFetchResponseTopicPartition()
		p.Partition, p.HighWatermark, p.LastStableOffset, p.RecordBatches = id, 100, 90, []byte(records)
		for _, first := range aborted {
			p.AbortedTransactions = append(p.AbortedTransactions, kmsg.FetchResponseTopicPartitionAbortedTransaction{ProducerID: first + 1, FirstOffset: first})
		}
		if n := len(resp.Topics); n == 0 || resp.Topics[n-1].Topic != topic {
			resp.Topics = append(resp.Topics, kmsg.FetchResponseTopic{Topic: topic})
		}
		t := &resp.Topics[len(resp.Topics)-1]
		t.Partitions = append(t.Partitions, p)
	}
	add("a", 3, "three", 5, 6)
	add("a", 1, "")
	add("x", 3, "unasked", 9)
	add("b", 0, "zero")
	resp.Topics[0].Partitions[1].ErrorCode = 1
	return resp.AppendTo(nil)
}

func decodeAnswer(x *exchange, data []byte) error {
	return x.decode(&reader{from: bytes.NewReader(data), left: len(data)})
}

func TestTheAnswerIsWhatBrokersWrite(t *testing.T) {
	for version := int16(oldestVersion); version <= newestVersion; version++ {
		x := askedFor(version, somePartitions...)
		for range 2 { // buffers are used again
			require.NoError(t, decodeAnswer(x, answered(version)))
			require.Len(t, x.parts, 3)
			three, one, zero := x.parts[0], x.parts[1], x.parts[2]
			require.Equal(t, "three", string(three.records))
			require.Equal(t, []batch.Aborted{{ProducerID: 6, FirstOffset: 5}, {ProducerID: 7, FirstOffset: 6}}, three.aborted)
			require.Equal(t, []int64{100, 90}, []int64{three.high, three.stable})
			require.Equal(t, kafka.OffsetOutOfRange, one.err)
			require.Equal(t, Partition{"b", 0}, zero.position.partition)
			require.Equal(t, "zero", string(zero.records))
			require.Empty(t, zero.aborted)
		}
	}
}

func TestWhatIsTooLargeToKeepIsPassedOver(t *testing.T) {
	x := askedFor(11, somePartitions...)
	x.most = 6
	require.NoError(t, decodeAnswer(x, answered(11)))
	require.Len(t, x.parts, 3, "the others are not lost with it")
	require.False(t, x.parts[0].truncated)
	require.True(t, x.parts[2].truncated)
}

func TestAMalformedAnswerIsRefused(t *testing.T) {
	whole := answered(11)
	for n := range whole {
		require.Error(t, decodeAnswer(askedFor(11, somePartitions...), whole[:n]), "%d bytes", n)
	}
	require.ErrorIs(t, decodeAnswer(askedFor(11, somePartitions...), append(whole, 0)), errMalformedAnswer)
	x := askedFor(11, somePartitions...)
	require.ErrorIs(t, x.decode(&reader{from: bytes.NewReader(whole[:50]), left: len(whole)}), io.ErrUnexpectedEOF)
	many := bytes.Clone(whole)
	binary.BigEndian.PutUint32(many[10:], 1<<31-1) // topics
	require.ErrorIs(t, decodeAnswer(x, many), errMalformedAnswer)
	failed := bytes.Clone(whole)
	failed[5] = 70
	require.ErrorIs(t, decodeAnswer(x, failed), kafka.Error(70))
}

// hangingUp is a transport to brokers that send this much.
type hangingUp []byte

func (h hangingUp) RoundTrip(_ context.Context, _ net.Addr, req kafka.Request) (kafka.Response, error) {
	x := req.(*exchange)
	x.Prepare(11)
	return x.RawExchange(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(h), io.Discard})
}

func TestWhatWasReservedForABrokenAnswerIsGivenBack(t *testing.T) {
	body := answered(11)
	whole := append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), 0, 0, 0, correlationID)
	whole = append(whole, body...)
	for _, n := range []int{0, 4, 8, 20, len(whole) - 1, len(whole)} {
		config := Config{Transport: hangingUp(whole[:n]), Budget: NewBudget(64 << 20)}.withDefaults()
		s := newSession(&config, 1)
		s.want(&position{partition: somePartitions[0]}, reading{})
		err := s.ask(t.Context())
		if n == len(whole) {
			require.NoError(t, err)
			require.Greater(t, config.Budget.InUse(), int64(config.FetchBytes))
			s.settle()
		} else {
			require.Error(t, err)
		}
		require.Zero(t, config.Budget.InUse(), "%d bytes", n)
	}
}

func FuzzAnswerOnTheWire(f *testing.F) {
	f.Add(answered(11), int16(11))
	f.Add(answered(4), int16(4))
	f.Fuzz(func(t *testing.T, data []byte, version int16) {
		x := askedFor(oldestVersion+(version&7), somePartitions...)
		x.most = 1 << 16
		_ = decodeAnswer(x, data)
		require.LessOrEqual(t, len(x.wire), x.most+peekBytes*len(x.parts)+len(data))
	})
}
