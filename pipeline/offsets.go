package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/grant"
)

// bounds returns for each partition its log, [oldest offset, next offset to be written), or why its leader
// does not say.
func (b *broker) bounds(ctx context.Context, partitions []tp) (logs map[tp]span, failed map[tp]error, err error) {
	topics := map[string][]kafka.OffsetRequest{}
	failed = map[tp]error{}
	for _, p := range partitions {
		topics[p.Topic] = append(topics[p.Topic], kafka.FirstOffsetOf(int(p.ID)), kafka.LastOffsetOf(int(p.ID)))
		failed[p] = fmt.Errorf("log bounds of %s: %w", p, errMissing)
	}
	answer, err := b.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: topics})
	if err != nil {
		return nil, nil, fmt.Errorf("log bounds: %w", fetch.Bare(err))
	}
	logs = make(map[tp]span, len(partitions))
	for topic, offsets := range answer.Topics {
		for _, o := range offsets {
			p := tp{Topic: topic, ID: int32(o.Partition)}
			if o.Error != nil {
				failed[p] = fmt.Errorf("log bounds of %s: %w", p, o.Error)
				continue
			}
			logs[p] = span{From: o.FirstOffset, To: o.LastOffset}
			delete(failed, p)
		}
	}
	return logs, failed, nil
}

// committed returns what the group has for each of the partitions.
func (b *broker) committed(ctx context.Context, group string, partitions []tp) (map[tp]standing, error) {
	topics := map[string][]int{}
	found := make(map[tp]standing, len(partitions))
	for _, p := range partitions {
		topics[p.Topic] = append(topics[p.Topic], int(p.ID))
		found[p] = standing{offset: noCommit}
	}
	answer, err := b.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: topics})
	if err == nil {
		err = answer.Error
	}
	if errors.Is(err, kafka.GroupIdNotFound) {
		return found, nil // a group that nobody has joined yet has committed nothing
	}
	if err != nil {
		return nil, fmt.Errorf("committed offsets of group %s: %w", group, fetch.Bare(err))
	}
	for topic, states := range answer.Topics {
		for _, s := range states {
			p := tp{Topic: topic, ID: int32(s.Partition)}
			if s.Error != nil {
				found[p] = standing{offset: noCommit, unread: fmt.Errorf("committed offset of %s: %w", p, s.Error)}
				continue
			}
			if s.CommittedOffset >= 0 {
				found[p] = readCommitted(s.CommittedOffset, s.Metadata)
			}
		}
	}
	return found, nil
}

func readCommitted(offset int64, metadata string) standing {
	note, err := grant.ParseNote(metadata)
	return standing{offset: offset, note: note, ours: grant.IsNote(metadata), err: err}
}
