package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// reassignment is a new order of the replicas of a topic's partitions. The first one of each then leads.
type reassignment struct {
	topic   string
	request kadm.AlterPartitionAssignmentsReq
	moved   kadm.TopicsSet
}

func newReassignment(topic string) *reassignment {
	return &reassignment{topic: topic, moved: kadm.TopicsSet{}}
}

func (r *reassignment) move(partition int32, replicas []int32) {
	r.request.Assign(r.topic, partition, replicas)
	r.moved.Add(r.topic, partition)
}

// apply changes the order and holds the elections.
func (r *reassignment) apply(ctx context.Context, k *kafka) error {
	_, err := k.admin.AlterPartitionAssignments(ctx, r.request)
	if err != nil {
		return err
	}
	// Changing the order alone is done at once, but by the controller's queue: an election may come too early.
	return eventually(ctx, 30*time.Second, "the first replicas lead", func(ctx context.Context) (bool, error) {
		if _, err := k.admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, r.moved); err != nil {
			return false, err
		}
		meta, err := k.admin.Metadata(ctx, r.topic)
		if err != nil {
			return false, err
		}
		for _, p := range meta.Topics[r.topic].Partitions {
			if p.Leader != p.Replicas[0] {
				return false, nil
			}
		}
		return true, nil
	})
}
