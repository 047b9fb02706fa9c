package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
)

// The versions of the Fetch API that are spoken: 4 is the first one with message format 2 and
// transactions, and the oldest that Kafka 4 accepts; 11 is the newest that kafka-go negotiates.
const (
	oldestVersion = 4
	newestVersion = 11
)

var (
	errAbandoned = errors.New("fetch: given up before it was sent")
	errTooOld    = errors.New("fetch: the broker is older than Kafka 0.11, which is not supported")
)

// exchange is one fetch request to one leader, and its answer. It is its own kafka-go message: as a
// protocol.RawExchanger it gets the connection, and so decides what is read into which buffer, while
// kafka-go's own Fetch stays as it is. It is used again for the next request, one at a time.
type exchange struct {
	config   *Config
	clientID string
	leader   int32
	reserve  func(ctx context.Context, size int) error // called with the answer's size before it is read
	most     int                                       // bytes of an answer that are kept

	version int16
	asked   []asked
	maxWait time.Duration
	bytes   int // asked for in all
	request []byte

	wire    []byte // all partitions' records
	parts   []part
	aborted []batch.Aborted // all partitions'
	topic   []byte

	mu        sync.Mutex
	ctx       context.Context //nolint:containedctx // of the one request, for the connection's goroutine
	entered   bool
	abandoned bool
	over      chan struct{} // closed when the connection is done with the exchange
}

// asked is what is asked of one partition.
type asked struct {
	position *position
	offset   int64
	bytes    int
}

// part is one partition's share of an answer.
type part struct {
	position  *position
	err       kafka.Error
	high      int64 // high watermark
	stable    int64 // last stable offset
	aborted   []batch.Aborted
	records   []byte
	truncated bool // only the beginning of what was sent was kept
}

// ApiKey implements protocol.Message.
func (*exchange) ApiKey() protocol.ApiKey { return protocol.Fetch } //nolint:revive // kafka-go's name

// Broker implements protocol.BrokerMessage.
func (x *exchange) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	b, ok := cluster.Brokers[x.leader]
	if !ok {
		return b, kafka.BrokerNotAvailable
	}
	return b, nil
}

// Prepare implements protocol.PreparedMessage.
func (x *exchange) Prepare(version int16) { x.version = version }

// Required implements protocol.RawExchanger.
func (*exchange) Required(map[protocol.ApiKey]int16) bool { return true }

// do sends the request and reads the answer. Afterwards nothing touches the exchange any more.
func (x *exchange) do(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	x.ctx, x.entered, x.abandoned, x.over = ctx, false, false, make(chan struct{})
	late := time.AfterFunc(x.config.RequestTimeout, func() {
		if x.abandon() {
			cancel()
		}
	})
	defer late.Stop()
	_, err := x.config.Transport.RoundTrip(ctx, x.config.Addr, x)
	if err != nil {
		cancel()
		if !x.abandon() {
			<-x.over
		}
		return fmt.Errorf("fetch: %w", err)
	}
	return nil
}

// abandon keeps the connection from beginning with the exchange; false = it has begun.
func (x *exchange) abandon() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.abandoned = true
	return !x.entered
}

func (x *exchange) enter() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.entered = !x.abandoned
	return x.entered
}

// RawExchange implements protocol.RawExchanger. An error closes the connection.
func (x *exchange) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if !x.enter() {
		return nil, errAbandoned
	}
	defer close(x.over)
	if x.version < oldestVersion || x.version > newestVersion {
		return nil, errTooOld
	}
	line := &line{}
	line.conn, _ = rw.(net.Conn) // kafka-go's *protocol.Conn is one
	stop := context.AfterFunc(x.ctx, line.cut)
	err := x.talk(rw, line)
	if !stop() && err == nil {
		err = context.Cause(x.ctx) // the connection's deadline has passed, so it is of no more use
	}
	return x, err
}

// talk writes the request and reads the answer. The broker may take its time to answer, and the answer
// may have to wait for room in the budget.
func (x *exchange) talk(rw io.ReadWriter, line *line) error {
	line.allow(x.maxWait + x.config.RequestTimeout)
	x.encode()
	if _, err := rw.Write(x.request); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	r := reader{from: rw, left: 8}
	size := int(r.int32()) - 4
	if r.int32(); r.err == nil && size < 0 {
		r.err = errMalformedAnswer
	}
	if r.err != nil {
		return fmt.Errorf("receive: %w", r.err)
	}
	if err := x.reserve(x.ctx, min(size, x.most)); err != nil {
		return err
	}
	line.allow(x.config.RequestTimeout)
	r.left = size
	if err := x.decode(&r); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	line.allow(0)
	return nil
}

// line is the deadline of a connection, which may be cut at any moment.
type line struct {
	mu     sync.Mutex
	conn   net.Conn // nil = it has no deadlines
	broken bool
}

// allow gives the connection so much time from now on; 0 = all the time it wants.
func (l *line) allow(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil || l.broken {
		return
	}
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	l.broken = l.conn.SetDeadline(deadline) != nil
}

// cut makes reads and writes fail at once.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.broken = true
		_ = l.conn.SetDeadline(time.Unix(1, 0)) //nolint:errcheck // it is closed already then
	}
}
