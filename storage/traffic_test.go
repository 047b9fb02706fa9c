package storage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/migrations"
)

// hours of traffic, from the projection or row by row.
const hoursSQL = `
SELECT toString(groupArray((kind, vendor, hour, n, first, last)))
FROM
(
    SELECT kind, vendor, dateTrunc('hour', time) AS hour, count() AS n, min(time) AS first, max(time) AS last
    FROM responses
    GROUP BY kind, vendor, hour
    ORDER BY kind, vendor, hour
    SETTINGS optimize_use_projections = %d, force_optimize_projection = %[1]d
)`

// callersSQL is hoursSQL by the callers.
const callersSQL = `
SELECT toString(groupArray((kind, vendor, service, environment, hour, n)))
FROM
(
    SELECT kind, vendor, service, environment, dateTrunc('hour', time) AS hour, count() AS n
    FROM responses
    GROUP BY kind, vendor, service, environment, hour
    ORDER BY kind, vendor, service, environment, hour
    SETTINGS optimize_use_projections = %d, force_optimize_projection = %[1]d
)`

// sameTraffic checks that the projections say what the rows say, and returns that.
func sameTraffic(t *testing.T, db *DB) string {
	t.Helper()
	var rows, projection string
	for _, statement := range []string{callersSQL, hoursSQL} {
		require.NoError(t, db.conn.QueryRow(t.Context(), fmt.Sprintf(statement, 0)).Scan(&rows))
		require.NoError(t, db.conn.QueryRow(t.Context(), fmt.Sprintf(statement, 1)).Scan(&projection))
		require.Equal(t, rows, projection)
	}
	return rows
}

const trafficRows = `
10:00:00 success GET /a x=90 every=77s
10:30:00 error POST /b code=x x=40 every=113s
10:59:59.999 error POST /b vendor=other x=2 every=1ms
12:00:00 dead_letter x=3
`

func TestTrafficFollowsWhatIsDone(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, trafficRows))
	full := sameTraffic(t, db)
	require.Contains(t, full, "'other'")

	steps := map[string]func(){
		"a lightweight deletion": func() {
			require.NoError(t, db.conn.Exec(t.Context(), "DELETE FROM responses WHERE offset >= 20 AND offset < 60"))
		},
		"an erasure": func() { require.NoError(t, db.Erase(t.Context(), "path = '' AND offset < 10", nil)) },
		"a merge":    func() { require.NoError(t, db.conn.Exec(t.Context(), "OPTIMIZE TABLE responses FINAL")) },
	}
	for _, name := range []string{"a lightweight deletion", "an erasure", "a merge"} {
		insertCase(t, o, parseRows(t, "11:00:00 success GET /a x=5"))
		steps[name]()
		require.NotEqual(t, full, sameTraffic(t, db), name)
	}
}

func TestTrafficExpiresWithItsRows(t *testing.T) {
	db, o := openMigrated(t)
	insertCaseOn(t, o, parseRows(t, trafficRows), time.Now().AddDate(0, 0, -20)) // the successes are too old, the errors not
	insertCaseOn(t, o, parseRows(t, trafficRows), time.Now().AddDate(0, 0, -20))
	require.NoError(t, db.conn.Exec(t.Context(), "OPTIMIZE TABLE responses FINAL"))
	require.NotContains(t, sameTraffic(t, db), "success")
}

// TestTrafficOfOlderParts reads parts from before the projection beside others.
func TestTrafficOfOlderParts(t *testing.T) {
	db, o := openMigrated(t)
	redoProjections(t, db, func() { insertCase(t, o, parseRows(t, trafficRows)) })
	insertCase(t, o, parseRows(t, trafficRows))
	f := Filter{From: parseCaseTime(t, "10:00:30"), To: parseCaseTime(t, "12:30")}
	for _, services := range [][]string{nil, {"payments"}} {
		f.Services = services
		a, err := db.Top(t.Context(), f, TopOptions{})
		require.NoError(t, err)
		require.Equal(t, uint64(2*42), a.Total.Count)
		require.InDelta(t, 40./(40+89), *a.Rows[0].ErrorRate, 1e-9)
	}
}

// redoProjections takes the projections away, has rows inserted, and brings the projections back: what is inserted from now on
// has them, as after an upgrade.
func redoProjections(t *testing.T, db *DB, insert func()) {
	t.Helper()
	text, err := migrations.FS.ReadFile("0010_add_hours.sql")
	require.NoError(t, err)
	_, up, _ := strings.Cut(string(text), "-- +goose StatementBegin")
	up, down, _ := strings.Cut(up, "-- +goose StatementEnd")
	_, down, _ = strings.Cut(down, "-- +goose Down")
	require.NoError(t, db.conn.Exec(t.Context(), strings.TrimRight(strings.TrimSpace(down), ";")+" SETTINGS mutations_sync = 1"))
	insert()
	require.NoError(t, db.conn.Exec(t.Context(), up))
}
