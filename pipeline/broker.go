package pipeline

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
)

// broker is the connection pool to one Kafka cluster.
type broker struct {
	addresses string // for messages
	transport *kafka.Transport
	client    *kafka.Client
	exchange  *handshake // nil without SASL
	close     context.CancelFunc
}

// endpoint is what it takes to reach a cluster.
type endpoint struct {
	brokers  []string
	topics   []string // the only topics whose layout is kept up to date
	clientID string
	tls      *tls.Config
	sasl     sasl.Mechanism
	timeout  time.Duration
}

// open prepares the pool; nothing is dialled before the first request.
func (e endpoint) open() *broker {
	ctx, cancel := context.WithCancel(context.Background())
	transport := &kafka.Transport{
		Dial:           (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		ClientID:       e.clientID,
		TLS:            e.tls,
		MetadataTopics: e.topics,
		MetadataTTL:    3 * time.Second, // an upper bound for noticing that a partition has a new leader
		Context:        ctx,
	}
	var exchange *handshake
	if e.sasl != nil {
		exchange = &handshake{Mechanism: e.sasl}
		transport.SASL = exchange
	}
	return &broker{
		addresses: strings.Join(e.brokers, ","),
		exchange:  exchange,
		transport: transport,
		client:    &kafka.Client{Addr: kafka.TCP(e.brokers...), Timeout: e.timeout, Transport: transport},
		close:     func() { transport.CloseIdleConnections(); cancel() },
	}
}

// dialer is for the group's own connection to its coordinator.
func (e endpoint) dialer() *kafka.Dialer {
	return &kafka.Dialer{
		ClientID: e.clientID, Timeout: 3 * time.Second, DualStack: true, KeepAlive: 15 * time.Second,
		TLS: e.tls, SASLMechanism: e.sasl,
	}
}

// layout is what the cluster says about itself.
type layout struct {
	clusterID string
	leaders   map[tp]int // broker id; a partition without a leader is absent
	topics    []kafka.Topic
	missing   error // says which of several topics do not exist; nil = all do
}

// connect asks for the layout for the first time, so that what is wrong with the address, the
// credentials or the topics is said at once. It fails where none of the topics exists.
func (b *broker) connect(ctx context.Context, topics []string) (layout, error) {
	meta, err := b.client.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		if ctx.Err() != nil {
			return layout{}, context.Cause(ctx)
		}
		if b.exchange.refused(err) {
			err = fmt.Errorf("%w: the broker hung up", kafka.SASLAuthenticationFailed)
		}
		return layout{}, connectError(b.addresses, err)
	}
	l := newLayout(meta)
	l.missing, err = b.missing(meta.Topics)
	return l, err
}

// missing says which of the topics do not exist. It fails where all are missing, or something else is wrong with one.
func (b *broker) missing(topics []kafka.Topic) (missing, err error) {
	n := 0
	for _, topic := range topics {
		if topic.Error == nil {
			continue
		}
		wrong := topicError(b.addresses, topic.Name, topic.Error)
		if !isMissing(topic.Error) {
			return nil, wrong
		}
		missing = errors.Join(missing, wrong)
		n++
	}
	if n == len(topics) {
		return nil, missing
	}
	return missing, nil
}

func newLayout(meta *kafka.MetadataResponse) layout {
	l := layout{clusterID: meta.ClusterID, leaders: map[tp]int{}, topics: meta.Topics}
	for _, topic := range meta.Topics {
		for _, p := range topic.Partitions {
			if p.Leader.Host != "" {
				l.leaders[tp{Topic: topic.Name, ID: int32(p.ID)}] = p.Leader.ID
			}
		}
	}
	return l
}
