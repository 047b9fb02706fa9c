package fetch

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
)

// scanned scans partition 0 and returns what was visited, as offset=value.
func scanned(t *testing.T, config Config, s Span) ([]string, Span, error) {
	t.Helper()
	got := []string{}
	done, err := Scan(t.Context(), config, Partition{testTopic, 0}, s, func(r Record, value []byte) error {
		got = append(got, fmt.Sprintf("%d=%s", r.Offset, value))
		return nil
	})
	require.Zero(t, config.Budget.InUse())
	return got, done, err
}

func TestScan(t *testing.T) {
	c := cluster(t, 1)
	values := numbered(1000)
	for portion := range slices.Chunk(values, 100) {
		produce(t, c, 0, portion...)
	}
	config := quick(t, c.ListenAddrs())
	config.PartitionBytes = 5000
	for _, s := range []Span{{0, 1000}, {150, 160}, {199, 401}, {7, 7}} {
		got, done, err := scanned(t, config, s)
		require.NoError(t, err)
		require.Equal(t, s, done)
		require.Equal(t, expected(int(s.From), values[s.From:s.To]...), got)
	}
	got, done, err := scanned(t, config, Span{990, 2000})
	require.NoError(t, err)
	require.Equal(t, Span{990, 1000}, done, "there is no more")
	require.Len(t, got, 10)

	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: 3})
	_, done, err = scanned(t, config, Span{0, 10})
	require.NoError(t, err)
	require.Equal(t, Span{0, 10}, done, "tried again")

	require.NoError(t, c.DeleteRecords(testTopic, 0, 500))
	_, done, err = scanned(t, config, Span{400, 600})
	require.ErrorIs(t, err, kafka.OffsetOutOfRange)
	require.Equal(t, Span{400, 400}, done)

	stop := errors.New("enough")
	_, err = Scan(t.Context(), config, Partition{testTopic, 0}, Span{500, 600}, func(Record, []byte) error { return stop })
	require.ErrorIs(t, err, stop)
	_, err = Scan(t.Context(), config, Partition{testTopic, 7}, Span{500, 600}, nil)
	require.ErrorIs(t, err, kafka.LeaderNotAvailable)
}

func TestAScanNamesWhatItCannotRead(t *testing.T) {
	c := cluster(t, 1)
	script(c, 100, map[int32][]logged{
		0: slices.Concat(log(data(0, "before")), []logged{{3, spoiled(data(1, "a", "b", "c"), 70, 0xff)}}, log(data(4, "after"))),
	})
	config := quick(t, c.ListenAddrs())
	got, done, err := scanned(t, config, Span{0, 5})
	var unreadable *UnreadableError
	require.ErrorAs(t, err, &unreadable)
	require.ErrorIs(t, err, batch.ErrChecksum)
	require.Equal(t, Span{1, 4}, unreadable.Span)
	require.Contains(t, err.Error(), "responses/0: the records [1, 4) cannot be read")
	require.Equal(t, []string{"0=before"}, got)
	require.Equal(t, Span{0, 1}, done)
	got, done, err = scanned(t, config, Span{unreadable.Span.To, 5})
	require.NoError(t, err)
	require.Equal(t, Span{4, 5}, done)
	require.Equal(t, []string{"4=after"}, got)
}
