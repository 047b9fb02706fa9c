package pipeline

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// One of two topics is deleted and comes back: that is said, the group does not join again and again, and the other
// topic goes on.
func TestATopicIsDeletedBesideAnother(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2, kfake.SeedTopics(1, "gone"))
	admin := kadm.NewClient(client(t, c))
	o, table := quick(c), newTable()
	o.Topics, o.PartitionWatchInterval = []string{testTopic, "gone"}, 100*time.Millisecond
	produce(t, c, 2, 10)
	i := start(t, o, table)
	eventually(t, "delivered", func() bool { return table.count() == 20 })

	_, err := admin.DeleteTopics(t.Context(), "gone")
	require.NoError(t, err)
	eventually(t, "said", func() bool { _, reason := i.Ready(); return contains(reason, `has no topic "gone"`) })
	produce(t, c, 2, 10)
	eventually(t, "the other goes on", func() bool { return table.count() == 40 })
	groups, err := admin.DescribeGroups(t.Context(), "errata")
	require.NoError(t, err)
	require.Equal(t, "Stable", groups["errata"].State)

	_, err = admin.CreateTopic(t.Context(), 3, 1, nil, "gone")
	require.NoError(t, err)
	eventually(t, "taken up", func() bool { _, reason := i.Ready(); return !contains(reason, "has no topic") })
	// The table of these tests does not tell topics apart: the first two partitions would pass for the other's.
	require.NoError(t, client(t, c).ProduceSync(t.Context(), &kgo.Record{Topic: "gone", Partition: 2, Value: []byte("s")}).FirstErr())
	eventually(t, "delivered, too", func() bool { return table.count() == 41 })
}

// One of two topics does not exist yet: that is said, the other is read, and the group takes it up when it appears.
func TestATopicIsMissingAtTheStart(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	o, table := quick(c), newTable()
	o.Topics, o.PartitionWatchInterval = []string{"later", testTopic}, 100*time.Millisecond
	produce(t, c, 2, 10)
	i := start(t, o, table)
	eventually(t, "the other is read", func() bool { return table.count() == 20 })
	_, reason := i.Ready()
	require.Contains(t, reason, `has no topic "later"; create it`)

	_, err := kadm.NewClient(client(t, c)).CreateTopic(t.Context(), 3, 1, nil, "later")
	require.NoError(t, err)
	eventually(t, "taken up", func() bool { _, reason := i.Ready(); return !contains(reason, "has no topic") })
	// As above: the table of these tests does not tell topics apart.
	require.NoError(t, client(t, c).ProduceSync(t.Context(), &kgo.Record{Topic: "later", Partition: 2, Value: []byte("s")}).FirstErr())
	eventually(t, "delivered, too", func() bool { return table.count() == 21 })
}

// How far a group is in the topics that exist is known although another does not.
func TestPositionsBesideAMissingTopic(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 2, 10)
	o := quick(c)
	o.Topics = []string{"first", testTopic, "second"}
	positions, err := Positions(t.Context(), o)
	require.ErrorIs(t, err, ErrNoTopic)
	require.ErrorContains(t, err, `has no topic "first"`)
	require.ErrorContains(t, err, `has no topic "second"`)
	require.Len(t, positions, 2)
	require.EqualValues(t, 10, positions[1].LogEnd)
}

// The only topic is deleted.
func TestTheOnlyTopicIsDeleted(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	admin := kadm.NewClient(client(t, c))
	o := quick(c)
	o.PartitionWatchInterval = 100 * time.Millisecond
	i := start(t, o, newTable())
	eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
	_, err := admin.DeleteTopics(t.Context(), testTopic)
	require.NoError(t, err)
	eventually(t, "said", func() bool { _, reason := i.Ready(); return contains(reason, "has no topic") })
	_, err = admin.CreateTopic(t.Context(), 2, 1, nil, testTopic)
	require.NoError(t, err)
	produce(t, c, 2, 10)
	eventually(t, "delivered", func() bool { return committed(t, c, 1) == 10 })
}

func TestPartitionsAreAdded(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	admin := kadm.NewClient(client(t, c))
	o, table := quick(c), newTable()
	o.PartitionWatchInterval = 100 * time.Millisecond
	first, second := start(t, o, table), start(t, o, table)
	produce(t, c, 1, 10)
	eventually(t, "delivered", func() bool { return table.count() == 10 })
	added, err := admin.UpdatePartitions(t.Context(), 4, testTopic)
	require.NoError(t, err)
	require.NoError(t, added.Error())
	produce(t, c, 4, 10)
	eventually(t, "all", func() bool { return table.count() == 50 })
	for _, i := range []*running{first, second} {
		eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
	}
}

// A leader that does not read all topics of the group would take the others for gone, and deal again without end.
func TestTheLeaderWatchesWhatItReads(t *testing.T) {
	d := dealer{even{}, &topics{names: []string{"old"}}}
	group := []kafka.GroupMember{{ID: "a", Topics: []string{"old"}}, {ID: "b", Topics: []string{"old", "new"}}}
	d.AssignGroups(group, []kafka.Partition{{Topic: "old"}, {Topic: "old", ID: 1}, {Topic: "new"}})
	require.Equal(t, map[string]int{"old": 2}, *d.topics.dealt.Load())
}
