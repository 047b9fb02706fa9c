package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// bounds returns for each partition its log: [oldest offset, next offset to be written).
func (b *broker) bounds(ctx context.Context, partitions []tp) (map[tp]span, error) {
	topics := map[string][]kafka.OffsetRequest{}
	for _, p := range partitions {
		topics[p.topic] = append(topics[p.topic], kafka.FirstOffsetOf(int(p.id)), kafka.LastOffsetOf(int(p.id)))
	}
	answer, err := b.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: topics})
	if err != nil {
		return nil, fmt.Errorf("log bounds: %w", err)
	}
	logs := make(map[tp]span, len(partitions))
	for topic, offsets := range answer.Topics {
		for _, o := range offsets {
			p := tp{topic, int32(o.Partition)}
			if o.Error != nil {
				return nil, fmt.Errorf("log bounds of %s: %w", p, o.Error)
			}
			logs[p] = span{o.FirstOffset, o.LastOffset}
		}
	}
	for _, p := range partitions {
		if _, ok := logs[p]; !ok {
			return nil, fmt.Errorf("log bounds of %s: missing from the answer", p)
		}
	}
	return logs, nil
}

// committed returns the group's offsets. A partition without one is absent.
func (b *broker) committed(ctx context.Context, group string, partitions []tp) (map[tp]int64, error) {
	topics := map[string][]int{}
	for _, p := range partitions {
		topics[p.topic] = append(topics[p.topic], int(p.id))
	}
	answer, err := b.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: topics})
	if err == nil {
		err = answer.Error
	}
	if errors.Is(err, kafka.GroupIdNotFound) {
		return nil, nil // a group that nobody has joined yet has committed nothing
	}
	if err != nil {
		return nil, fmt.Errorf("committed offsets of group %s: %w", group, err)
	}
	offsets := make(map[tp]int64, len(partitions))
	for topic, states := range answer.Topics {
		for _, s := range states {
			p := tp{topic, int32(s.Partition)}
			if s.Error != nil {
				return nil, fmt.Errorf("committed offset of %s: %w", p, s.Error)
			}
			if s.CommittedOffset >= 0 {
				offsets[p] = s.CommittedOffset
			}
		}
	}
	return offsets, nil
}

// member is this process in one generation of the group.
type member struct {
	group      string
	generation int
	id         string
}

// commit stores offsets for the group, fenced by the generation. It removes from offsets what the
// coordinator accepted; what is left when it returns an error is to be tried again.
func (b *broker) commit(ctx context.Context, m member, offsets map[tp]int64) error {
	topics := map[string][]kafka.OffsetCommit{}
	for p, offset := range offsets {
		topics[p.topic] = append(topics[p.topic], kafka.OffsetCommit{Partition: int(p.id), Offset: offset})
	}
	answer, err := b.client.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: m.group, GenerationID: m.generation, MemberID: m.id, Topics: topics,
	})
	if err != nil {
		return fmt.Errorf("offset commit: %w", err)
	}
	for topic, states := range answer.Topics {
		for _, s := range states {
			p := tp{topic, int32(s.Partition)}
			if s.Error != nil {
				err = fmt.Errorf("offset commit of %s: %w", p, s.Error)
				continue
			}
			delete(offsets, p)
		}
	}
	if err == nil && len(offsets) > 0 {
		err = fmt.Errorf("offset commit: %d partitions are missing from the answer", len(offsets))
	}
	return err
}
