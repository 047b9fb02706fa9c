package fetch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/errata-dev/errata/pipeline/fetch/batch/batchtest"
)

// BenchmarkFetch reads records of 550 bytes from a broker in another process. It reports the CPU that
// this process takes for one.
func BenchmarkFetch(b *testing.B) {
	for _, codec := range []batchtest.Codec{batchtest.None, batchtest.Snappy, batchtest.LZ4, batchtest.Zstd, batchtest.Gzip} {
		b.Run(codec.String(), func(b *testing.B) {
			config := quick(b, []string{serve(b, codec)})
			config.Observer = newWitness()
			f := New(config)
			for id := range int32(4) {
				f.Add(Partition{testTopic, id}, Start{})
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			out := make(chan *Chunk)
			go f.Run(ctx, out)
			(<-out).Release()
			before := cpu(b)
			b.ReportAllocs()
			b.ResetTimer()
			records := 0
			for records < b.N {
				c := <-out
				records += len(c.Records)
				c.Release()
			}
			b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(records), "cpu-ns/record")
			b.SetBytes(550)
		})
	}
}

// cpu returns what this process has used.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// serverEnv makes the test binary a broker that serves batches of the codec it names.
const serverEnv = "ERRATA_BENCH_BROKER"

// serve starts a broker in another process and returns its address.
func serve(b *testing.B, codec batchtest.Codec) string {
	server := exec.Command(os.Args[0], "-test.run=^TestServeABenchmark$")
	server.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serverEnv, codec))
	in, err := server.StdinPipe()
	require.NoError(b, err)
	out, err := server.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, server.Start())
	b.Cleanup(func() {
		require.NoError(b, in.Close()) // it ends with its input
		require.NoError(b, server.Wait())
	})
	var address string
	_, err = fmt.Fscanln(out, &address)
	require.NoError(b, err)
	return address
}

// TestServeABenchmark is the broker of BenchmarkFetch, in its own process.
func TestServeABenchmark(t *testing.T) {
	if os.Getenv(serverEnv) == "" {
		t.Skip("part of a benchmark")
	}
	var codec batchtest.Codec
	_, err := fmt.Sscan(os.Getenv(serverEnv), &codec)
	require.NoError(t, err)
	made := batchtest.Batch{Codec: codec}
	for i := range 1000 {
		value := fmt.Sprintf(`{"request":"%032x","status":%d,%s}`, i*7919, 400+i%100, strings.Repeat(fmt.Sprintf(`"f%d":"value",`, i%37), 50))
		made.Records = append(made.Records, batchtest.Record{Delta: int64(i), Timestamp: int64(i), Value: []byte(value[:550])})
	}
	c := cluster(t, 4, kfake.SyntheticFetch(kfake.SyntheticBatch{Batch: made.Bytes()}))
	fmt.Println(c.ListenAddrs()[0])
	_, _ = os.Stdin.Read(make([]byte, 1))
}
