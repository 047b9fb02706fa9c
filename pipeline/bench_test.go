package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// nullSink acknowledges everything.
type nullSink struct{}

func (nullSink) Insert(context.Context, *storage.Block, storage.Grant) error { return nil }

func (nullSink) Present(context.Context, string, []storage.Position) ([]storage.Range, error) {
	return nil, nil
}

// BenchmarkIngest moves b.N records of 550 bytes from a broker in the same process, which answers
// from a canned batch and so costs little, to a sink that does nothing: with a parser that does next
// to nothing, and with the real one on errors. CPU time is that of the whole process.
func BenchmarkIngest(b *testing.B) {
	registry, err := parsers.New(parsers.Options{})
	require.NoError(b, err)
	for _, parser := range []Parser{fakeParser{}, registry} {
		for _, codec := range []protocol.Attributes{0, protocol.Lz4, protocol.Zstd} {
			name := fmt.Sprintf("%T/%s", parser, codec.Compression())
			b.Run(name, func(b *testing.B) { ingest(b, parser, codec) })
		}
	}
}

func ingest(b *testing.B, parser Parser, codec protocol.Attributes) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, testTopic), kfake.SyntheticFetch(kfake.SyntheticBatch{Batch: errorBatch(b, codec)}))
	require.NoError(b, err)
	defer c.Close()
	i, err := New(Options{Brokers: c.ListenAddrs(), Topics: []string{testTopic}}, parser, nullSink{}, nullSink{}, zerolog.Nop(), nil)
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- i.Run(ctx) }()
	require.Eventually(b, func() bool { return i.Stats().Records > 0 }, patience, time.Millisecond)
	b.ReportAllocs()
	b.ResetTimer()
	before, from := cpu(b), i.Stats().Records
	for i.Stats().Records < from+int64(b.N) {
		pause(ctx, time.Millisecond)
	}
	done := i.Stats().Records - from
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-before)/float64(time.Microsecond)/float64(done), "cpu-µs/record")
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "records/s")
	cancel()
	require.NoError(b, <-ended)
}

// errorBatch is one record batch of 1000 errors of about 550 bytes.
func errorBatch(b *testing.B, codec protocol.Attributes) []byte {
	b.Helper()
	records := make([]protocol.Record, 1000)
	for i := range records {
		records[i].Value = protocol.NewBytes(fmt.Appendf(nil, `{"time":%d,"status":504,"service":"ledger","method":"GET","url":"https://api.truelayer.com/data/v1/accounts/%d/balance","request_id":"r-%d","duration_ms":%d,`+
			`"response_headers":{"content-type":"application/json","x-request-id":"%x","date":"Tue, 01 Sep 2026 10:00:00 GMT"},"response_body":"{\"error_description\":\"The provider took too long to answer\",\"error\":\"provider_timeout\",\"error_details\":{\"reason\":\"%s\"}}"}`,
			time.Now().UnixMilli(), i, i, i%900, i*7919, strings.Repeat("z", 120)))
	}
	var out bytes.Buffer
	_, err := (&protocol.RecordSet{Version: 2, Attributes: codec, Records: protocol.NewRecordReader(records...)}).WriteTo(&out)
	require.NoError(b, err)
	return out.Bytes()[4:] // a length comes first
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
