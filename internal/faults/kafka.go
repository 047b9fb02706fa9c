package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kafka is the administrator's view of a cluster.
type kafka struct {
	client *kgo.Client
	admin  *kadm.Client
	addrs  []string
}

func openKafka(addrs []string) (*kafka, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.RequestTimeoutOverhead(5*time.Second), kgo.RetryTimeout(30*time.Second))
	if err != nil {
		return nil, fmt.Errorf("Kafka client: %w", err) //nolint:staticcheck // Kafka is a name
	}
	return &kafka{client: client, admin: kadm.NewClient(client), addrs: addrs}, nil
}

// up waits until a broker answers.
func (k *kafka) up(ctx context.Context, limit time.Duration) error {
	return eventually(ctx, limit, "the brokers answer", func(ctx context.Context) (bool, error) {
		return k.client.Ping(ctx) == nil, nil
	})
}

// createTopic makes a topic with one replica, or three on a cluster of three.
func (k *kafka) createTopic(ctx context.Context, topic string, partitions int32) error {
	replicas := int16(min(3, len(k.addrs)))
	_, err := k.admin.CreateTopic(ctx, partitions, replicas, nil, topic)
	if err != nil {
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	return nil
}

// ends are the offsets up to which a read_committed consumer reads.
func (k *kafka) ends(ctx context.Context, topic string) (map[int32]int64, error) {
	return offsetsOf(k.admin.ListCommittedOffsets(ctx, topic))
}

func (k *kafka) starts(ctx context.Context, topic string) (map[int32]int64, error) {
	return offsetsOf(k.admin.ListStartOffsets(ctx, topic))
}

func offsetsOf(listed kadm.ListedOffsets, err error) (map[int32]int64, error) {
	if err = errors.Join(err, listed.Error()); err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	offsets := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { offsets[o.Partition] = o.Offset })
	return offsets, nil
}

// commit is what a group has committed for a partition.
type commit struct {
	offset int64
	note   string // the metadata
}

func (k *kafka) commits(ctx context.Context, group, topic string) (map[int32]commit, error) {
	fetched, err := k.admin.FetchOffsets(ctx, group)
	if err == nil {
		err = fetched.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	commits := map[int32]commit{}
	fetched.Each(func(o kadm.OffsetResponse) {
		if o.Topic == topic {
			commits[o.Partition] = commit{o.At, o.Metadata}
		}
	})
	return commits, nil
}

// setOffsets commits for an empty group, as an operator's tool does.
func (k *kafka) setOffsets(ctx context.Context, group, topic string, to map[int32]commit) error {
	var offsets kadm.Offsets
	for partition, c := range to {
		offsets.Add(kadm.Offset{Topic: topic, Partition: partition, At: c.offset, LeaderEpoch: -1, Metadata: c.note})
	}
	if err := k.admin.CommitAllOffsets(ctx, group, offsets); err != nil {
		return fmt.Errorf("set offsets of group %s: %w", group, err)
	}
	return nil
}

// members are the ids of a group's members.
func (k *kafka) members(ctx context.Context, group string) ([]string, error) {
	described, err := k.admin.DescribeGroups(ctx, group)
	if err == nil {
		err = described.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("describe group %s: %w", group, err)
	}
	var ids []string
	for _, m := range described[group].Members {
		ids = append(ids, m.MemberID)
	}
	return ids, nil
}

// expel removes members from the group, as an operator does with one that is known to be dead: the group need
// not wait for its session to end.
func (k *kafka) expel(ctx context.Context, group string, ids []string) error {
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = group
	for _, id := range ids {
		m := kmsg.NewLeaveGroupRequestMember()
		m.MemberID = id
		req.Members = append(req.Members, m)
	}
	resp, err := req.RequestWith(ctx, k.client)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("expel members: %w", err)
	}
	return nil
}

func (k *kafka) close() { k.client.Close() }
