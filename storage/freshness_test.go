package storage

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSuggestedSince(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	f := func(from, first, last time.Duration, want string) {
		t.Helper()
		r := dataRange{first: now.Add(-first), last: now.Add(-last), now: now, rows: 1}
		require.Equal(t, want, strings.Join(suggestRange(now.Add(-from), now, r), " "))
	}
	f(time.Hour, 10*time.Hour, 5*time.Hour, "--since 6h")
	f(time.Hour, 10*time.Hour, time.Minute, "--since 3h") // the filters match nothing in the last hour
	f(time.Hour, 90*time.Hour, 30*time.Hour, "--since 2d")
	f(time.Hour, 90*time.Hour, 24*time.Hour, "--since 2d")
	f(48*time.Hour, 47*time.Hour, time.Hour, "") // the range covers all there is
	f(time.Hour, 20000*time.Hour, 10000*time.Hour, "--from 2025-09-28T21:00:00Z --to 2025-09-29T21:00:00Z")
	f(10023*time.Hour, 20000*time.Hour, 10000*time.Hour, "") // a range within that day would only be asked about again
}

func TestDescribeEmpty(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	f := func(r dataRange, want string) {
		t.Helper()
		note, _ := describeEmpty("errors", at, at.Add(time.Hour), r)
		require.Equal(t, "no errors between 2026-11-20T12:00:00.000Z and 2026-11-20T13:00:00.000Z"+want, note)
	}
	f(dataRange{}, "; there is no data yet")
	r := dataRange{first: at.Add(-2 * time.Hour), last: at.Add(-time.Hour), now: at.Add(time.Hour), rows: 1}
	f(r, "; data from 2026-11-20T10:00:00.000Z to 2026-11-20T11:00:00.000Z, try --since 3h")
	f(dataRange{now: at.Add(-time.Hour)}, ", which is in the future; there is no data yet")
}

// TestCompleteUntil writes watermarks, as far as seconds ago, and asks how far the data is complete.
func TestCompleteUntil(t *testing.T) {
	db, _ := openMigrated(t)
	type mark struct {
		source    string
		partition int32
		lag       int64
		logAgo    time.Duration // 0 = nothing ingested yet
		closed    bool
		ago       time.Duration
	}
	now, err := db.ServerTime(t.Context())
	require.NoError(t, err)
	f := func(want time.Duration, wantNote string, marks ...mark) {
		t.Helper()
		require.NoError(t, db.Clear(t.Context()))
		for _, m := range marks {
			logTime := now.Add(-m.logAgo)
			if m.logAgo == 0 {
				logTime = time.UnixMilli(0)
			}
			require.NoError(t, db.conn.Exec(t.Context(), "INSERT INTO watermarks (source, topic, partition, offset, log_time, lag, closed, at) VALUES (?, 'topic', ?, 1, ?, ?, ?, ?)",
				m.source, m.partition, logTime, m.lag, m.closed, now.Add(-m.ago)))
		}
		q, err := newQuestion(db.conn, Filter{From: now, To: now.Add(time.Hour), Sources: []string{"a", "b"}})
		require.NoError(t, err)
		until, note, err := q.completeUntil(t.Context())
		require.NoError(t, err)
		if want == 0 {
			require.Nil(t, until)
		} else {
			require.NotNil(t, until)
			require.WithinDuration(t, now.Add(-want), until.Time, time.Second)
		}
		if wantNote == "" {
			require.Empty(t, note)
		} else {
			require.Contains(t, note, wantNote)
		}
	}
	const s = time.Second
	f(0, "")
	f(5*s, "", mark{source: "a", logAgo: 30 * s, ago: 5 * s})                                                                         // no lag: complete until it was written
	f(30*s, "", mark{source: "a", lag: 7, logAgo: 30 * s, ago: 5 * s})                                                                // lag: until the last row
	f(30*s, "", mark{source: "a", lag: 7, logAgo: 30 * s, ago: 5 * s}, mark{source: "b", ago: 2 * s})                                 // the least of all
	f(2*s, "", mark{source: "a", lag: 7, logAgo: 900 * s, ago: 800 * s, closed: true}, mark{source: "b", ago: 2 * s})                 // closed ones do not count
	f(2*s, "", mark{source: "a", lag: 7, logAgo: 900 * s, ago: 800 * s}, mark{source: "a", ago: 2 * s})                               // only the newest counts
	f(300*s, "", mark{source: "a", ago: 900 * s, closed: true}, mark{source: "b", ago: 300 * s, closed: true})                        // all closed: the latest
	f(100*s, "the ingester of b/topic stopped", mark{source: "a", ago: 3 * s}, mark{source: "b", ago: 100 * s})                       // silent for more than 60 s
	f(0, "", mark{source: "a", lag: 7, ago: 5 * s}, mark{source: "b", ago: 2 * s})                                                    // a partition of which nothing is read
	f(4*s, "", mark{source: "a", ago: 4 * s}, mark{source: "other", lag: 1, logAgo: 5000 * s, ago: 4000 * s})                         // a source that was not asked for
	f(100*s, "1 of 2 partitions", mark{source: "a", partition: 1, ago: 3 * s}, mark{source: "a", partition: 2, lag: 0, ago: 100 * s}) // by partition
}

// An old time alone costs no rate: it is the day of the insert from which successes expire.
func TestRatesNeedTheSuccesses(t *testing.T) {
	db, o := openMigrated(t)
	from := parseCaseTime(t, "-20/09:00")
	ask := func() Answer[TopRow] {
		t.Helper()
		a, err := db.Top(t.Context(), Filter{From: from, To: from.Add(2 * time.Hour)}, TopOptions{})
		require.NoError(t, err)
		require.Len(t, a.Rows, 1)
		return a
	}
	rows := parseRows(t, "-20/10:00:00 error GET /a")
	insertCase(t, o, rows)
	require.NotNil(t, ask().Rows[0].ErrorRate)

	insertCaseOn(t, o, rows, time.Now().AddDate(0, 0, -15))
	a := ask()
	require.Nil(t, a.Rows[0].ErrorRate)
	require.Contains(t, a.Notes[0], "no error rates: successes are kept for 14 days")
}
