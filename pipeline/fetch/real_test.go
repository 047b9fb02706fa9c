package fetch

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// brokersEnv names a real broker, as host:port, to run TestARealBroker against.
const brokersEnv = "ERRATA_TEST_BROKERS"

// TestARealBroker reads what a real Apache Kafka makes of batches, transactions, deletion and a topic's
// re-creation: .ci/kafka/start runs one.
func TestARealBroker(t *testing.T) {
	addresses := strings.Split(os.Getenv(brokersEnv), ",")
	if addresses[0] == "" {
		t.Skip("set " + brokersEnv + " to run it")
	}
	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	admin := kadm.NewClient(client(t, addresses))
	renew := func() {
		t.Helper()
		_, err := admin.DeleteTopics(t.Context(), testTopic)
		require.NoError(t, err)
		eventually(t, "the topic", func() bool {
			_, err := admin.CreateTopic(t.Context(), int32(len(codecs)), 1, map[string]*string{"max.message.bytes": kadm.StringPtr("9000000")}, testTopic)
			return err == nil
		})
	}
	renew()

	large := strings.Repeat("0123456789", 300_000)
	want := map[int32][]string{}
	for id, codec := range codecs {
		want[int32(id)] = fill(t, addresses, int32(id), codec, large)
	}
	config := quick(t, addresses)
	f := fetch(t, config, from(int32(len(codecs)), 0))
	for id := range codecs {
		eventually(t, "all records", func() bool { return len(f.read(int32(id))) == len(want[int32(id)]) })
		require.Equal(t, want[int32(id)], f.read(int32(id)))
		eventually(t, "the last marker", func() bool { return f.at(int32(id)) == f.highAt(int32(id)) })
		got, _, err := scanned(t, quick(t, addresses), Span{0, f.at(0)})
		require.NoError(t, err)
		require.Len(t, got, len(want[0]))
	}

	offsets := kadm.Offsets{}
	offsets.AddOffset(testTopic, 1, 700, -1)
	_, err := admin.DeleteRecords(t.Context(), offsets)
	require.NoError(t, err)
	g := fetch(t, quick(t, addresses), map[int32]Start{1: {Next: 500}})
	eventually(t, "out of range", func() bool { return g.haltedAt(1) == "out of range" })

	renew()
	for id, codec := range codecs {
		fill(t, addresses, int32(id), codec, "other")
	}
	eventually(t, "noticed", func() bool {
		noticed := 0
		for id := range codecs {
			if f.haltedAt(int32(id)) != "" {
				noticed++
			}
		}
		return noticed == len(codecs)
	})
	for id := range codecs {
		t.Log(f.haltedAt(int32(id)))
		require.Len(t, f.read(int32(id)), len(want[int32(id)]))
	}
}

// fill writes batches and transactions to a partition and returns what a reader may see of them.
func fill(t *testing.T, addresses []string, id int32, codec kgo.CompressionCodec, large string) (want []string) {
	t.Helper()
	cl := client(t, addresses, kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(8<<20))
	offset := 0
	for portion := range slices.Chunk(append(numbered(1000), large), 100) {
		records := []*kgo.Record{}
		for _, v := range portion {
			records = append(records, &kgo.Record{Partition: id, Key: []byte("key"), Value: []byte(v)})
			want = append(want, fmt.Sprintf("%d=%.40s", offset, v))
			offset++
		}
		require.NoError(t, cl.ProduceSync(t.Context(), records...).FirstErr())
	}
	tx := client(t, addresses, kgo.TransactionalID(fmt.Sprint("tx-", id)), kgo.ProducerBatchCompression(codec))
	for i := range 6 {
		require.NoError(t, tx.BeginTransaction())
		require.NoError(t, tx.ProduceSync(t.Context(), &kgo.Record{Partition: id, Value: fmt.Appendf(nil, "tx %d", i)}).FirstErr())
		commit := kgo.TransactionEndTry(i%3 != 1)
		require.NoError(t, tx.EndTransaction(t.Context(), commit))
		if commit {
			want = append(want, fmt.Sprintf("%d=tx %d", offset, i))
		}
		offset += 2
	}
	return want
}
