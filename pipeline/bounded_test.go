package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/errata-dev/errata/pipeline/fetch"
)

// between makes a run read [from, until) of partition 0, whatever the group has.
func between(o *Options, from, until int64) {
	o.From, o.Until = map[fetch.Partition]int64{{Topic: testTopic}: from}, map[fetch.Partition]int64{{Topic: testTopic}: until}
}

// Once the group has a bounded run's start, that run goes on where the group is: not at its beginning again, below
// what the table is asked about.
func TestABoundedRunWhoseInsertIsInDoubtInsertsNothingTwice(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 200)
	o := quick(c)
	o.GrantTTL, o.MaxBlockRows = time.Second, 50
	between(&o, 0, 200)
	table := newTable()
	table.insert = func(_ context.Context, n int, _ []rowKey) (int, error) {
		if n != 3 {
			return -1, nil
		}
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: 1})
		return 0, errLost
	}
	i := start(t, o, table)
	i.wait()
	table.exactly(t, 1, 200)
}

// Its group was further once. That is not what this run has done, even if its own start is not committed at once.
func TestABoundedRunBelowItsGroupDoesNotEndBeforeItHasBegun(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1)
	produce(t, c, 1, 100)
	commitAt(t, c, 90)
	o := quick(c)
	o.GrantTTL = 100 * time.Millisecond
	between(&o, 5, 50)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorLoadInProgress, Count: 1})
	table := newTable()
	i := start(t, o, table)
	i.wait()
	require.Equal(t, 45, table.count())
	require.EqualValues(t, 50, committed(t, c, 0))
}

// A partition that is done is not fetched any more while others are being read: its records would be thrown away.
func TestABoundedRunStopsFetchingWhatIsDone(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 2, 10)
	o := quick(c)
	between(&o, 0, 10)
	o.Until[fetch.Partition{Topic: testTopic, ID: 1}] = 30
	table := newTable()
	i := start(t, o, table)
	eventually(t, "the first is done", func() bool { return committed(t, c, 0) == 10 && committed(t, c, 1) == 10 })
	produce(t, c, 2, 10) // and now its records come from beyond the end
	eventually(t, "the second goes on", func() bool { return committed(t, c, 1) == 20 })
	fetches := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Observe: true, Count: -1})
	wasted := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Observe: true, Count: -1, When: func(r kmsg.Request) bool {
		return asks(r.(*kmsg.FetchRequest), 0)
	}})
	before := wasted.Hits() // one may be under way
	require.NoError(t, fetches.Wait(t.Context(), 10))
	require.LessOrEqual(t, wasted.Hits()-before, 1)
	produce(t, c, 2, 10)
	i.wait()
	require.Equal(t, 10+30, table.count())
}
