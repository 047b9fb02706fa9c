package pipeline

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	// Most tests wait most of the time, whatever the number of processors. The command line has the last word.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// lossy is a Sink that forgets every third acknowledgement.
type lossy struct {
	*storage.Writer
	n atomic.Int64
}

func (l *lossy) Insert(ctx context.Context, b *storage.Block, g storage.Grant) error {
	err := l.Writer.Insert(ctx, b, g)
	if l.n.Add(1)%3 == 0 {
		return errors.Join(err, errors.New("the acknowledgement is lost"))
	}
	return err
}

// The whole way: a file, the embedded broker, the parsers, ClickHouse; with lost acknowledgements, a
// restart, and a broker that forgets what is committed.
func TestIntoClickHouse(t *testing.T) {
	const lines = 5000
	url := embedded.TestClickHouse(t)
	options, err := storage.ParseURL(url)
	require.NoError(t, err)
	db, err := storage.Open(t.Context(), options)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Migrate(t.Context(), func(string) {}))
	registry, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	broker, err := embedded.StartBroker(t.Context(), embedded.BrokerOptions{Topics: map[string]int32{testTopic: 4}})
	require.NoError(t, err)
	defer func() { require.NoError(t, broker.Close()) }()

	publisher, err := NewPublisher(PublisherOptions{Brokers: []string{broker.Addr()}, Topic: testTopic, Group: "errata", BatchBytes: 20_000, Ahead: 200_000}, zerolog.Nop())
	require.NoError(t, err)
	defer publisher.Close()
	writer := &lossy{Writer: storage.NewWriter(options)}
	defer func() { require.NoError(t, writer.Close()) }()
	o := Options{
		Brokers: []string{broker.Addr()}, Topics: []string{testTopic}, MaxBlockAge: 50 * time.Millisecond, MaxBlockRows: 500,
		QuietFlush: 20 * time.Millisecond, RetryBackoff: 50 * time.Millisecond, GrantTTL: 2 * time.Second,
		Watermarks: db, Gaps: db,
		OnCommit: func(topic string, partition int32, offset int64) {
			publisher.Committed(topic, partition, offset)
			if err := broker.DropBefore(context.Background(), topic, partition, offset); err != nil {
				t.Error(err)
			}
		},
	}
	run := func() (stop func()) {
		i, err := New(o, registry, writer, db, zerolog.New(zerolog.NewTestWriter(t)), nil)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- i.Run(ctx) }()
		return func() { cancel(); require.NoError(t, <-ended) }
	}

	stop := run()
	_, err = publisher.Publish(t.Context(), strings.NewReader(responseLogs(lines)))
	require.NoError(t, err)
	stop()
	stop = run()
	_, err = publisher.Publish(t.Context(), strings.NewReader(responseLogs(lines)))
	require.NoError(t, err)
	require.NoError(t, publisher.WaitUntil(t.Context(), publisher.Ends()))
	stop()

	var from []storage.Position
	for p := range int32(4) {
		from = append(from, storage.Position{Topic: testTopic, Partition: p})
	}
	found, err := db.Present(t.Context(), broker.ClusterID(), from)
	require.NoError(t, err)
	require.Len(t, found, 4)
	var rows int64
	for _, r := range found {
		require.Zero(t, r.Start)
		require.Zero(t, r.Surplus, "no row twice")
		require.Equal(t, publisher.Ends()[r.Partition], r.End)
		rows += r.End
	}
	require.EqualValues(t, 2*lines, rows, "every line is a row")
	retained, err := broker.Retained(t.Context(), testTopic)
	require.NoError(t, err)
	require.Zero(t, retained)
}

func responseLogs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"time":%d,"status":%d,"method":"GET","url":"https://api.truelayer.com/data/v1/accounts/%d","response_body":"{\"error\":\"provider_timeout\"}"}`+"\n",
			time.Now().UnixMilli(), []int{200, 504, 429}[i%3], i)
	}
	return b.String()
}
