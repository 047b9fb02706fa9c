package verify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/pipeline/fetch"
)

// Cluster is a Log: the partitions of one Kafka cluster.
type Cluster struct {
	client *kafka.Client
	config fetch.Config
	topics []string
	close  context.CancelFunc
}

// Open prepares to read the cluster of the options; nothing is dialled yet. Records are decoded and cut as
// an ingester with these options does it.
func Open(o pipeline.Options) *Cluster {
	ctx, cancel := context.WithCancel(context.Background())
	transport := &kafka.Transport{
		Dial:           (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		ClientID:       o.ClientID,
		TLS:            o.TLS,
		SASL:           o.SASL,
		MetadataTopics: o.Topics,
		MetadataTTL:    3 * time.Second,
		Context:        ctx,
	}
	addr := kafka.TCP(o.Brokers...)
	return &Cluster{
		client: &kafka.Client{Addr: addr, Timeout: 10 * time.Second, Transport: transport},
		config: fetch.Config{
			Transport: transport, Addr: addr, Topics: o.Topics,
			FetchBytes: o.FetchBytes, PartitionBytes: o.PartitionBytes, MaxRecordBytes: o.MaxRecordBytes,
			RequestTimeout: o.RequestTimeout, RetryBackoff: o.RetryBackoff,
		},
		topics: o.Topics,
		close:  func() { transport.CloseIdleConnections(); cancel() },
	}
}

// Close ends the connections.
func (c *Cluster) Close() { c.close() }

// ID returns the cluster's own name, which is the source of its rows unless the operator sets another.
func (c *Cluster) ID(ctx context.Context) (string, error) {
	meta, err := c.client.Metadata(ctx, &kafka.MetadataRequest{Topics: c.topics})
	if err != nil {
		return "", fmt.Errorf("cluster id: %w", fetch.Bare(err))
	}
	if meta.ClusterID == "" {
		return "", errors.New("kafka states no cluster id: set the source's name with --source")
	}
	return meta.ClusterID, nil
}

// Scan implements Log.
func (c *Cluster) Scan(ctx context.Context, p fetch.Partition, s fetch.Span, visit func(Record) error) (fetch.Span, error) {
	return fetch.Scan(ctx, c.config, p, s, func(r fetch.Record, value []byte) error {
		return visit(Record{Offset: r.Offset, Timestamp: r.Timestamp, Checksum: fetch.Checksum(value)})
	})
}

// Start implements Log.
func (c *Cluster) Start(ctx context.Context, p fetch.Partition) (int64, error) {
	found, err := c.offsets(ctx, []fetch.Partition{p}, kafka.FirstOffset)
	return found[p], err
}

// Since returns for each partition its first offset whose record is stamped at or after t; -1 when it has
// none.
func (c *Cluster) Since(ctx context.Context, partitions []fetch.Partition, t time.Time) (map[fetch.Partition]int64, error) {
	return c.offsets(ctx, partitions, t.UnixMilli())
}

// offsets asks the leaders for one offset of each partition, by a timestamp or by its name in the protocol.
func (c *Cluster) offsets(ctx context.Context, partitions []fetch.Partition, at int64) (map[fetch.Partition]int64, error) {
	topics := map[string][]kafka.OffsetRequest{}
	for _, p := range partitions {
		topics[p.Topic] = append(topics[p.Topic], kafka.OffsetRequest{Partition: int(p.ID), Timestamp: at})
	}
	answer, err := c.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: topics})
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", fetch.Bare(err))
	}
	found := make(map[fetch.Partition]int64, len(partitions))
	for topic, list := range answer.Topics {
		for _, o := range list {
			p := fetch.Partition{Topic: topic, ID: int32(o.Partition)}
			if o.Error != nil {
				return nil, fmt.Errorf("list offsets of %s: %w", p, o.Error)
			}
			found[p] = o.FirstOffset
			for offset := range o.Offsets {
				found[p] = offset
			}
		}
	}
	if len(found) < len(partitions) {
		return nil, fmt.Errorf("list offsets: an answer for %d of %d partitions", len(found), len(partitions))
	}
	return found, nil
}

// Members returns how many members a consumer group has at the moment.
func (c *Cluster) Members(ctx context.Context, group string) (int, error) {
	answer, err := c.client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return 0, fmt.Errorf("describe group %s: %w", group, fetch.Bare(err))
	}
	members := 0
	for _, g := range answer.Groups {
		if g.Error != nil && !errors.Is(g.Error, kafka.GroupIdNotFound) {
			return 0, fmt.Errorf("describe group %s: %w", group, g.Error)
		}
		members += len(g.Members)
	}
	return members, nil
}
