package pipeline

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"
)

// fencing makes every joining of the group begin a new generation. A coordinator gives a member that joins
// again unchanged the generation it had, in which a commit that was delayed on its way would still count;
// with user data that is never the same twice it has to begin another.
type fencing struct{ kafka.GroupBalancer }

// UserData is asked for at every joining.
func (fencing) UserData() ([]byte, error) { return []byte(rand.Text()), nil }

// balancers are what a member offers, the best first. The group takes one that all members know, so a group of
// two versions goes on with what the older one has.
func balancers(t *topics) []kafka.GroupBalancer {
	var list []kafka.GroupBalancer
	for _, b := range []kafka.GroupBalancer{even{}, kafka.RangeGroupBalancer{}, kafka.RoundRobinGroupBalancer{}} {
		list = append(list, fencing{dealer{b, t}})
	}
	return list
}

// even gives every member as many partitions as any other, one at most apart, over all topics together: kafka-go's
// balancers begin with the first member for each topic anew, so that ten topics of one partition are all its.
type even struct{}

func (even) ProtocolName() string { return "errata-even" }

// UserData implements kafka.GroupBalancer.
func (even) UserData() ([]byte, error) { return nil, nil }

// AssignGroups gives each partition, in order, to the member with the fewest of those that read its topic.
func (even) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	members = slices.SortedFunc(slices.Values(members), func(a, b kafka.GroupMember) int { return strings.Compare(a.ID, b.ID) })
	partitions = slices.SortedFunc(slices.Values(partitions), func(a, b kafka.Partition) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.ID, b.ID))
	})
	assigned, load := kafka.GroupMemberAssignments{}, map[string]int{}
	for _, m := range members {
		assigned[m.ID] = map[string][]int{}
	}
	for _, p := range partitions {
		least := ""
		for _, m := range members {
			if slices.Contains(m.Topics, p.Topic) && (least == "" || load[m.ID] < load[least]) {
				least = m.ID
			}
		}
		if least != "" {
			load[least]++
			assigned[least][p.Topic] = append(assigned[least][p.Topic], p.ID)
		}
	}
	return assigned
}
