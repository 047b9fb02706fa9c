package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// After a lost answer the partitions are asked for one by one. The empty ones, of which there may be
// hundreds, must not each hold up the others for as long as a broker may wait for records.
func TestEmptyPartitionsDoNotHoldUpOthersAfterAFailure(t *testing.T) {
	t.Parallel()
	const partitions = 60
	c := cluster(t, partitions)
	o := quick(c)
	o.FetchWait = time.Second
	table := newTable()
	i := start(t, o, table)
	eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if len(req.(*kmsg.FetchRequest).Topics) == 0 {
			c.KeepControl()
			return nil, nil, false
		}
		return nil, kerr.BrokerNotAvailable, true // hangs up
	})
	cl := client(t, c)
	began := time.Now()
	for p := range int32(partitions) {
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Partition: p, Value: []byte("s")}).FirstErr())
		if p%20 == 0 {
			eventually(t, "delivered", func() bool { return committed(t, c, p) == 1 })
		}
	}
	eventually(t, "all delivered", func() bool { return table.count() == partitions })
	require.Less(t, time.Since(began), 10*time.Second)
}

// A partition that the broker refuses to hand out stops in silence otherwise.
func TestAStuckPartitionIsNotReady(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	table := newTable()
	i := start(t, quick(c), table)
	eventually(t, "not ready", func() bool { _, reason := i.Ready(); return contains(reason, "cannot be fetched") })
	produce(t, c, 2, 5)
	fault.Remove()
	eventually(t, "goes on", func() bool { ready, _ := i.Ready(); return ready && table.count() == 10 })
	i.stop()
}
