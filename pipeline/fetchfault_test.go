package pipeline

import (
	"bytes"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// rawBatch returns one record batch as a broker keeps it.
func rawBatch(t *testing.T, value []byte, codec protocol.Attributes) []byte {
	t.Helper()
	var out bytes.Buffer
	set := protocol.RecordSet{Version: 2, Attributes: codec, Records: protocol.NewRecordReader(protocol.Record{Value: protocol.NewBytes(value)})}
	_, err := set.WriteTo(&out)
	require.NoError(t, err)
	return out.Bytes()[4:] // a length comes first
}

func asks(fetch *kmsg.FetchRequest, partition int32) bool {
	for _, topic := range fetch.Topics {
		for _, p := range topic.Partitions {
			if p.Partition == partition {
				return true
			}
		}
	}
	return false
}

// answer is a broker's answer to a fetch, with the given bytes for one partition and nothing for the
// others.
func answer(fetch *kmsg.FetchRequest, partition int32, batch []byte) kmsg.Response {
	resp := fetch.ResponseKind().(*kmsg.FetchResponse)
	for _, topic := range fetch.Topics {
		t := kmsg.NewFetchResponseTopic()
		t.Topic = topic.Topic
		for _, asked := range topic.Partitions {
			p := kmsg.NewFetchResponseTopicPartition()
			p.Partition, p.HighWatermark, p.LastStableOffset = asked.Partition, 1000, 1000
			if asked.Partition == partition {
				p.RecordBatches = batch
			}
			t.Partitions = append(t.Partitions, p)
		}
		resp.Topics = append(resp.Topics, t)
	}
	return resp
}
