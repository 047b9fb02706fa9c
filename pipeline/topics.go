package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch"
)

// topics keeps an eye on the topics that the group reads. kafka-go could do that, but where one of several topics is
// missing it deals no partition of any, and begins a generation after the other without a pause.
type topics struct {
	broker *broker
	names  []string
	dealt  atomic.Pointer[map[string]int] // how many partitions of each this member has dealt last, as the leader
}

// dealer is a balancer that deals what there is although a topic is missing.
type dealer struct {
	kafka.GroupBalancer
	topics *topics
}

// AssignGroups implements kafka.GroupBalancer. It is called in the leader of the group.
func (d dealer) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	if len(partitions) == 0 {
		partitions = d.topics.partitions()
	}
	dealt := map[string]int{}
	for _, p := range partitions {
		if slices.Contains(d.topics.names, p.Topic) { // others' topics this member cannot watch
			dealt[p.Topic]++
		}
	}
	d.topics.dealt.Store(&dealt)
	return d.GroupBalancer.AssignGroups(members, partitions)
}

// partitions are those of the topics that exist; none if nobody says.
func (t *topics) partitions() (list []kafka.Partition) {
	meta, err := t.ask(context.Background()) // bounded by the time for one request
	if err != nil {
		return nil // the watch begins again
	}
	for _, topic := range meta {
		list = append(list, topic.Partitions...)
	}
	return list
}

// ask returns what the cluster says about the topics, at most some seconds old.
func (t *topics) ask(ctx context.Context) ([]kafka.Topic, error) {
	meta, err := t.broker.client.Metadata(ctx, &kafka.MetadataRequest{Topics: t.names})
	if err != nil {
		return nil, fmt.Errorf("topics: %w", fetch.Bare(err))
	}
	return meta.Topics, nil
}

// watchTopics says which topics are missing. In the leader, which has dealt, it calls changed when there are other
// partitions, and ends. What is known is some seconds old, so that the first look does not count; and that nobody answers
// is said by whoever fetches.
func (i *Ingester) watchTopics(ctx context.Context, dealt *map[string]int, changed func()) {
	for first := true; ; first = false {
		if there, err := i.lookAtTopics(ctx); err == nil && !first && dealt != nil && !maps.Equal(there, *dealt) {
			changed()
			return
		}
		if !pause(ctx, i.options.PartitionWatchInterval) {
			return
		}
	}
}

func (i *Ingester) lookAtTopics(ctx context.Context) (there map[string]int, err error) {
	list, err := i.topics.ask(ctx)
	if err != nil {
		return nil, err
	}
	return i.count(list), nil
}

// count returns how many partitions each topic has, and says which do not exist.
func (i *Ingester) count(list []kafka.Topic) (there map[string]int) {
	there = map[string]int{}
	for _, topic := range list {
		part := "topic " + topic.Name
		if isMissing(topic.Error) {
			i.quiet.warn(i.log, part).Str("topic", topic.Name).Msg("a topic does not exist, the others go on")
			i.health.set(part, fmt.Sprintf("kafka at %s has no topic %q; create it, or restart without it", i.broker.addresses, topic.Name))
			continue
		}
		i.health.clear(part)
		if n := len(topic.Partitions); n > 0 {
			there[topic.Name] = n
		}
	}
	return there
}
