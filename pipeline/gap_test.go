package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/storage"
)

// A group whose offsets have expired has none, but its rows tell how far it was. What the broker has deleted since
// is lost, and what it still has is delivered, wherever a new group would begin.
func TestExpiredOffsets(t *testing.T) {
	t.Parallel()
	gap := []storage.Gap{{Source: "cluster-1", Topic: testTopic, From: 50, To: 60, Kind: "retention"}}
	cases := map[string]struct {
		begins  int64 // the log; the newest row is at 49
		policy  GapPolicy
		gaps    []storage.Gap
		rows    int   // beside the 50 that are there
		skipped int64 // read again
		halt    string
	}{
		"a gap halts":            {60, GapHalt, gap, 0, 0, "the records [50, 60) were deleted before they were read"},
		"a gap may be passed":    {60, GapContinue, gap, 40, 0, ""},
		"no gap":                 {50, GapHalt, nil, 50, 0, ""},
		"what is there is there": {40, GapHalt, nil, 50, 10, ""},
	}
	for name, f := range cases {
		for start, at := range map[string]StartAt{"earliest": StartEarliest, "latest": StartLatest} {
			t.Run(name+", "+start, func(t *testing.T) {
				t.Parallel()
				c := cluster(t, 1)
				produce(t, c, 1, 100)
				require.NoError(t, c.DeleteRecords(testTopic, 0, f.begins))
				table, gaps := newTable(), &gapList{}
				for offset := range int64(50) {
					table.rows[rowKey{0, offset}] = 1
				}
				o := quick(c)
				o.Gaps, o.OnGap, o.StartAt, o.GrantTTL = gaps, f.policy, at, 100*time.Millisecond
				i := startOver(t, o, table, &elder{table, 49})
				eventually(t, "halted or delivered", func() bool {
					if _, reason := i.Ready(); f.halt != "" {
						return contains(reason, f.halt)
					}
					return committed(t, c, 0) == 100
				})
				i.stop()
				require.Equal(t, f.gaps, gaps.all)
				require.Equal(t, 50+f.rows, table.count())
				require.Equal(t, f.skipped, i.Stats().Skipped)
			})
		}
	}
}

// A partition that has halted at a gap meets it again whenever the group is joined again.
func TestAGapIsToldOnce(t *testing.T) {
	t.Parallel()
	c := cluster(t, 2)
	produce(t, c, 2, 100)
	commitAt(t, c, 10)
	require.NoError(t, c.DeleteRecords(testTopic, 0, 60))
	gaps := &gapList{}
	o := quick(c)
	o.Gaps, o.GrantTTL = gaps, 100*time.Millisecond
	i := start(t, o, newTable())
	eventually(t, "the other partition goes on", func() bool { return committed(t, c, 1) == 100 })
	joinAgain(t, c)
	produce(t, c, 2, 1)
	eventually(t, "and again", func() bool { return committed(t, c, 1) == 101 })
	_, reason := i.Ready()
	require.Contains(t, reason, "[10, 60) were deleted")
	i.stop()
	require.Equal(t, []storage.Gap{{Source: "cluster-1", Topic: testTopic, From: 10, To: 60, Kind: "retention"}}, gaps.all)
	require.EqualValues(t, 1, i.Stats().Gaps)
}

// Offsets that are lost with an unreadable batch are a gap, not holes that nobody has to care about.
func TestAGapIsNoHole(t *testing.T) {
	t.Parallel()
	s := newStage(t, 1)
	produce(t, s.cluster, 1, 5)
	spoilt := rawBatch(t, []byte("s1"), 0)
	spoilt[len(spoilt)-1] ^= 1
	spoilAt(s.cluster, 0, func() []byte { return spoilt })
	s.options.OnUnreadable = GapContinue
	s.start(t)
	s.shows(t, values{`records_total{kind="success"}`: 4, `gaps_total{kind="unreadable"}`: 1, `offset_holes_total`: 0})
	s.stop()
	s.shows(t, values{`offset_holes_total`: 0})
}
