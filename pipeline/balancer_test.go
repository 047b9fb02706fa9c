package pipeline

import (
	"fmt"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

func TestMembersShareEvenly(t *testing.T) {
	for _, topics := range [][]int{{24}, {7}, {1, 1, 1, 1, 1}, {3, 3, 3, 3}, {12, 1, 5}} {
		for members := 1; members <= 6; members++ {
			t.Run(fmt.Sprint(topics, members), func(t *testing.T) {
				group, partitions := groupOf(topics, members)
				least, most, seen := len(partitions), 0, map[string]bool{}
				for _, owned := range (even{}).AssignGroups(group, partitions) {
					n := 0
					for topic, ids := range owned {
						for _, id := range ids {
							seen[fmt.Sprint(topic, id)] = true
							n++
						}
					}
					least, most = min(least, n), max(most, n)
				}
				require.Len(t, seen, len(partitions))
				require.LessOrEqual(t, most-least, 1)
			})
		}
	}
}

func groupOf(topics []int, members int) (group []kafka.GroupMember, partitions []kafka.Partition) {
	var names []string
	for n, count := range topics {
		name := fmt.Sprintf("topic-%d", n)
		names = append(names, name)
		for id := range count {
			partitions = append(partitions, kafka.Partition{Topic: name, ID: id})
		}
	}
	for n := range members {
		group = append(group, kafka.GroupMember{ID: fmt.Sprintf("member-%d", n), Topics: names})
	}
	return group, partitions
}

// While a group is given another topic, some members do not read it yet.
func TestNobodyIsGivenWhatItDoesNotRead(t *testing.T) {
	group := []kafka.GroupMember{{ID: "a", Topics: []string{"old"}}, {ID: "b", Topics: []string{"old", "new"}}}
	partitions := []kafka.Partition{{Topic: "new"}, {Topic: "new", ID: 1}, {Topic: "old"}, {Topic: "other"}}
	require.Equal(t, kafka.GroupMemberAssignments{
		"a": {"old": {0}}, "b": {"new": {0, 1}},
	}, even{}.AssignGroups(group, partitions))
}
