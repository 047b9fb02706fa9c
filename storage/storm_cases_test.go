package storage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stormCase is traffic, one row a line as parseRows reads it, and the storms between 10:00 and 11:00.
type stormCase struct {
	name string
	rows string
	want []string // see describeStorm
}

// later ends the data long after the storms of a case.
const later = "\n12:00:00 success GET /later op=later"

// TestStormCases takes the definition of a storm sentence by sentence. The figures are worked out by hand.
func TestStormCases(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	db, o := openMigrated(t)
	for _, c := range slices.Concat(operationCases(), runCases(), joinCases(), figureCases(), weakCases(), decoyCases()) {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, db.Clear(t.Context()))
			insertCase(t, o, parseRows(t, c.rows))
			answer, err := db.Storms(t.Context(), Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00")}, StormOptions{})
			require.NoError(t, err)
			got := []string{}
			for _, row := range answer.Rows {
				got = append(got, describeStorm(row))
			}
			require.Equal(t, append([]string{}, c.want...), got)
		})
	}
}

// TestLargestStormsAreKept bounds the operations that are looked at: what is lost is small, and a note
// says so. The operations of the largest storm are each tried least.
func TestLargestStormsAreKept(t *testing.T) {
	db, o := openMigrated(t)
	rows := "10:00:00 error GET /one/{id} op=one code=down x=30\n10:00:00 error GET /small/{id} op=small code=down x=6\n"
	for i := range 20 {
		rows += fmt.Sprintf("10:00:%02d error GET /large/{id} op=large%d code=down x=5\n", i, i)
	}
	insertCase(t, o, parseRows(t, rows+later))
	f := Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00")}
	answer, err := db.Storms(t.Context(), f, StormOptions{operations: 21})
	require.NoError(t, err)
	require.Len(t, answer.Rows, 2)
	require.EqualValues(t, 100, answer.Rows[0].Attempts)
	require.EqualValues(t, 30, answer.Rows[1].Attempts)
	require.Len(t, answer.Notes, 1)
	require.Contains(t, answer.Notes[0], "only 21 of 22 operations")

	whole, err := db.Storms(t.Context(), f, StormOptions{operations: 22})
	require.NoError(t, err)
	require.Len(t, whole.Rows, 3)
	require.Empty(t, whole.Notes)
}

// describeStorm puts every member of a storm into one line.
func describeStorm(r StormRow) string {
	jitter := ""
	if r.Jitter {
		jitter = "+jitter"
	}
	const clock = "15:04:05.000"
	return fmt.Sprintf("%s %s %s-%s %gs %s | %d/%d=%.4g %.3g | peak %d gap %g %s%s | early %d useless %d wasted %d %s",
		r.Service, r.Endpoint, r.Start.Format(clock), r.End.Format(clock), r.DurationS, strings.Join(r.Codes, ","),
		r.Attempts, r.Operations, r.Amplification, r.RetryShare, r.PeakPerS, r.MedianGapMS, r.Backoff, jitter,
		r.EarlyRetries, r.NonretryableRetries, r.Wasted, r.Outcome)
}

// operationCases are about what tells operations apart.
func operationCases() []stormCase {
	counted := func(op, members string, attempts ...string) (rows string) {
		for _, a := range attempts {
			at, n, _ := strings.Cut(a, "#")
			rows += fmt.Sprintf("\n10:00:%s error op=%s code=down attempt=%s %s", at, op, n, members)
		}
		return rows
	}
	const charge = "method=POST route=/charge key=none"
	return []stormCase{
		{"an idempotency key, counted from 1", counted("k", "method=POST route=/charge key=idempotency", "00#1", "02#2", "04#3", "06#4", "08#5", "10#6") + later, []string{
			"payments POST /charge 10:00:00.000-10:00:10.000 10s down | 6/1=6 0.833 | peak 1 gap 2000 fixed | early 0 useless 0 wasted 5 gave_up",
		}},
		{"an idempotency key, counted from 0", counted("k", "method=POST route=/charge key=idempotency", "00#0", "02#1", "04#2", "06#3", "08#4") + later, []string{
			"payments POST /charge 10:00:00.000-10:00:08.000 8s down | 5/1=5 0.8 | peak 1 gap 2000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"a count that begins anew belongs to the same key", counted("k", "method=POST route=/charge key=idempotency", "00#1", "01#2", "02#3", "10#1", "11#2", "12#3") + later, []string{
			"payments POST /charge 10:00:00.000-10:00:12.000 12s down | 6/1=6 0.833 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 5 gave_up",
		}},
		{"a trace id of its own for each call", `
			10:00:00 error POST /charge op=t code=down key=trace x=8 every=100ms
			10:00:00.8 success POST /charge op=t key=trace` + later, []string{
			"payments POST /charge 10:00:00.000-10:00:00.800 0.8s down | 9/1=9 0.889 | peak 9 gap 100 none | early 0 useless 0 wasted 7 recovered",
		}},
		{"counts alone tell calls of one path apart", counted("c", charge, "00#1", "01#1", "02#2", "03#2", "04#3", "05#3", "06#4", "07#4", "08#5", "09#5") + later, []string{
			"payments POST /charge 10:00:00.000-10:00:09.000 9s down | 10/2=5 0.8 | peak 1 gap 2000 fixed | early 0 useless 0 wasted 8 gave_up",
		}},
		{"counts tell GETs of one path apart", counted("c", "method=GET route=/rates", "00#1", "01#1", "02#2", "03#2", "04#3", "05#3", "06#4", "07#4", "08#5", "09#5") + later, []string{
			"payments GET /rates 10:00:00.000-10:00:09.000 9s down | 10/2=5 0.8 | peak 1 gap 2000 fixed | early 0 useless 0 wasted 8 gave_up",
		}},
		{"first attempts without a count, as OpenTelemetry has it", counted("c", charge, "00#0", "01#0", "02#2", "03#2", "04#3", "05#3", "06#4", "07#4", "08#5", "09#5") + later, []string{
			"payments POST /charge 10:00:00.000-10:00:09.000 9s down | 10/2=5 0.8 | peak 1 gap 2000 fixed | early 0 useless 0 wasted 8 gave_up",
		}},
		{"first attempts of GETs without a count", counted("c", "method=GET route=/rates", "00#0", "01#0", "02#2", "03#2", "04#3", "05#3", "06#4", "07#4", "08#5", "09#5") + later, []string{
			"payments GET /rates 10:00:00.000-10:00:09.000 9s down | 10/2=5 0.8 | peak 1 gap 2000 fixed | early 0 useless 0 wasted 8 gave_up",
		}},
		{"a loop without a count beside calls that are counted from 1", counted("c", "method=GET route=/rates", "00#1", "00#2", "10#0", "11#0", "12#0", "13#0", "14#0") + later, []string{
			"payments GET /rates 10:00:10.000-10:00:14.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"a counted call succeeds among others that do", counted("c", charge, "00#1", "02#2", "04#3", "06#4", "08#5") + `
			10:00:01 success POST /charge op=c key=none attempt=1 x=5 every=2s
			10:00:10 success POST /charge op=c key=none attempt=6` + later, []string{
			"payments POST /charge 10:00:00.000-10:00:10.000 10s down | 6/1=6 0.833 | peak 1 gap 2000 fixed | early 0 useless 0 wasted 4 recovered",
		}},
		{"attempts that were not logged are no attempts", `
			10:00:00 error POST /charge key=none op=c code=down attempt=7 x=20 every=100ms
			10:00:00 error GET /a/{id} code=down attempt=7 x=20 every=100ms` + later, nil},
		{"a path without an id, every call the first", `
			10:00:00 error GET /rates op=r code=down attempt=1 x=10 every=1s` + later, []string{
			"payments GET /rates 10:00:00.000-10:00:09.000 9s down | 10/1=10 0.9 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 9 gave_up",
		}},
		{"an id in the path tells POSTs apart where they are counted", counted("a1", "method=POST route=/a/{id}/pay key=none", "00#1", "01#2", "02#3", "03#4", "04#5") +
			counted("a2", "method=POST route=/a/{id}/pay key=none", "00#1", "01#2", "02#3", "03#4", "04#5") + later, []string{
			"payments POST /a/{id}/pay 10:00:00.000-10:00:04.000 4s down | 10/2=5 0.8 | peak 2 gap 1000 fixed | early 0 useless 0 wasted 8 gave_up",
		}},
	}
}

// runCases are about where a run begins and ends.
func runCases() []stormCase {
	return []stormCase{
		{"four attempts are too few", "10:00:00 error GET /a/{id} op=a code=down x=4" + later, nil},
		{"the success at the end is the fifth", `
			10:00:00 error GET /a/{id} op=a code=down x=4
			10:00:04 success GET /a/{id} op=a` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:04.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 3 recovered",
		}},
		{"pauses just below the gap", "10:00:00 error GET /a/{id} op=a code=down x=5 every=59.999s" + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:03:59.996 239.996s down | 5/1=5 0.8 | peak 1 gap 59999 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"pauses of the gap", "10:00:00 error GET /a/{id} op=a code=down x=9 every=60s" + later, nil},
		{"a pause ends when the next attempt is sent", "10:00:00 error GET /a/{id} op=a code=down x=5 every=75s ms=30000" + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:05:00.000 300s down | 5/1=5 0.8 | peak 1 gap 75000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"a pending Retry-After is waited for, and a quarter longer", "10:00:00 error GET /a/{id} op=a code=down ra=200000 x=5 every=249.999s" + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:16:39.996 999.996s down | 5/1=5 0.8 | peak 1 gap 249999 retry_after+jitter | early 0 useless 0 wasted 4 gave_up",
		}},
		{"but no longer", "10:00:00 error GET /a/{id} op=a code=down ra=200000 x=5 every=250s" + later, nil},
		{"successes in between", `
			10:00:00 error GET /a/{id} op=a code=down x=3
			10:00:03 success GET /a/{id} op=a
			10:00:04 error GET /a/{id} op=a code=down x=4
			10:00:12 success GET /a/{id} op=a x=3` + later, []string{
			"payments GET /a/{id} 10:00:04.000-10:00:12.000 8s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 3 recovered",
		}},
		{"a storm goes on after a success", `
			10:00:00 error GET /a/{id} op=a code=down x=6
			10:00:06 success GET /a/{id} op=a
			10:00:07 error GET /a/{id} op=a code=down x=6` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:12.000 12s down | 13/1=13 0.923 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 11 gave_up",
		}},
		{"ongoing when the data ends 59.999 s later", `
			10:00:00 error GET /a/{id} op=a code=down x=5
			10:01:03.999 success GET /later op=later`, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:04.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 ongoing",
		}},
		{"given up when it ends 60 s later", `
			10:00:00 error GET /a/{id} op=a code=down x=5
			10:01:04.000 success GET /later op=later`, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:04.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"recovered at the very end of the data", `
			10:00:00 error GET /a/{id} op=a code=down x=5
			10:00:05 success GET /a/{id} op=a`, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:05.000 5s down | 6/1=6 0.833 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 recovered",
		}},
		{"over the edges of the range", `
			09:59:50 error GET /begins/{id} op=a code=down x=20
			10:59:50 error GET /ends/{id} op=b code=down x=20
			09:59:56 error GET /touches/{id} op=c code=down x=5
			09:59:55 error GET /before/{id} op=d code=down x=5
			11:00:00 error GET /after/{id} op=e code=down x=5` + later, []string{
			"payments GET /begins/{id} 09:59:50.000-10:00:09.000 19s down | 20/1=20 0.95 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 19 gave_up",
			"payments GET /ends/{id} 10:59:50.000-11:00:09.000 19s down | 20/1=20 0.95 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 19 gave_up",
			"payments GET /touches/{id} 09:59:56.000-10:00:00.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
	}
}

// joinCases are about which runs are one storm.
func joinCases() []stormCase {
	return []stormCase{
		{"two services", `
			10:00:00 error GET /a/{id} op=a service=web code=down x=6
			10:00:00 error GET /a/{id} op=b service=app code=down x=5` + later, []string{
			"web GET /a/{id} 10:00:00.000-10:00:05.000 5s down | 6/1=6 0.833 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 5 gave_up",
			"app GET /a/{id} 10:00:00.000-10:00:04.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"two endpoints and two methods", `
			10:00:00 error GET /a/{id} op=a code=down x=7
			10:00:00 error PUT /a/{id} op=b code=down x=6
			10:00:00 error GET /b/{id} op=c code=down x=5` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:06.000 6s down | 7/1=7 0.857 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 6 gave_up",
			"payments PUT /a/{id} 10:00:00.000-10:00:05.000 5s down | 6/1=6 0.833 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 5 gave_up",
			"payments GET /b/{id} 10:00:00.000-10:00:04.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"the same endpoint half an hour apart", `
			10:00:00 error GET /a/{id} op=a code=down x=6
			10:30:00 error GET /a/{id} op=b code=down x=5` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:05.000 5s down | 6/1=6 0.833 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 5 gave_up",
			"payments GET /a/{id} 10:30:00.000-10:30:04.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"runs within the gap, and one of another host", `
			10:00:00 error GET /a/{id} op=a code=down x=5
			10:00:02 error GET /a/{id} op=on-another-host code=down x=5
			10:01:05.999 error GET /a/{id} op=c code=down x=5
			10:02:09.999 error GET /a/{id} op=d code=down x=5` + later, []string{
			// The last begins 60 s after the third ends.
			"payments GET /a/{id} 10:00:00.000-10:01:09.999 69.999s down | 15/3=5 0.8 | peak 2 gap 1000 fixed | early 0 useless 0 wasted 12 gave_up",
			"payments GET /a/{id} 10:02:09.999-10:02:13.999 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
		{"from one code to another, and no answer at all", `
			10:00:00 error GET /a/{id} op=a code=busy status=429 cat=rate_limit x=3
			10:00:03 error GET /a/{id} op=a code=connection_refused status=0 cat=network x=2
			10:00:05 error GET /a/{id} op=a code=down x=4
			10:00:09 error GET /a/{id} op=a status=502` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:09.000 9s down,busy,connection_refused | 10/1=10 0.9 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 9 gave_up",
		}},
		{"another operation recovers last", `
			10:00:00 error GET /a/{id} op=a code=down x=6
			10:00:01 error GET /a/{id} op=b code=down x=5
			10:00:06 success GET /a/{id} op=b` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:06.000 6s down | 12/2=6 0.833 | peak 2 gap 1000 fixed | early 0 useless 0 wasted 9 recovered",
		}},
		{"operations tried less often count as none", `
			10:00:00 error GET /a/{id} op=a code=down x=5
			10:00:00 error GET /a/{id} op=b code=down x=4
			10:00:00 error GET /a/{id} code=down x=50 every=100ms` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:04.000 4s down | 5/1=5 0.8 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 4 gave_up",
		}},
	}
}

// figureCases are about the members of a storm.
func figureCases() []stormCase {
	return []stormCase{
		{"the peak is that of a calendar second", `
			10:00:00.700 error GET /a/{id} op=a code=down x=6 every=100ms` + later, []string{
			"payments GET /a/{id} 10:00:00.700-10:00:01.200 0.5s down | 6/1=6 0.833 | peak 3 gap 100 none | early 0 useless 0 wasted 5 gave_up",
		}},
		{"exponential with jitter", `
			10:00:00 error GET /a/{id} op=a code=down
			10:00:01 error GET /a/{id} op=a code=down
			10:00:02.5 error GET /a/{id} op=a code=down
			10:00:07 error GET /a/{id} op=a code=down
			10:00:14 error GET /a/{id} op=a code=down
			10:00:33 error GET /a/{id} op=a code=down` + later, []string{
			// Pauses 1, 1.5, 4.5, 7, 19 s; ratios 1.5, 3, 1.56, 2.71: median 2.13, most off by more than a tenth.
			"payments GET /a/{id} 10:00:00.000-10:00:33.000 33s down | 6/1=6 0.833 | peak 1 gap 4500 exponential+jitter | early 0 useless 0 wasted 5 gave_up",
		}},
		{"as told, though answers take long", `
			10:00:00 error GET /a/{id} op=a code=down ra=10000 ms=6000 x=6 every=16.2s` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:01:21.000 81s down | 6/1=6 0.833 | peak 1 gap 16200 retry_after | early 0 useless 0 wasted 5 gave_up",
		}},
		{"sent early, answered late", `
			10:00:00 error GET /a/{id} op=a code=down ra=10000 ms=6000 x=6 every=13s` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:01:05.000 65s down | 6/1=6 0.833 | peak 1 gap 13000 fixed | early 5 useless 0 wasted 5 gave_up",
		}},
		{"as told by the log's times", `
			10:00:00 error GET /a/{id} op=a code=down ra=2000 ms=400 x=6 every=2.1s` + later, []string{
			"payments GET /a/{id} 10:00:00.000-10:00:10.500 10.5s down | 6/1=6 0.833 | peak 1 gap 2100 retry_after | early 0 useless 0 wasted 5 gave_up",
		}},
		{"too early now and then, useless now and then", `
			10:00:00 error GET /a/{id} op=a code=busy status=429 ra=5000 x=3 every=1s
			10:00:08 error GET /a/{id} op=a code=bad status=400 retry=no x=3 every=1s` + later, []string{
			// The wait of the third has elapsed after 5 s. After the last useless error nothing was tried.
			"payments GET /a/{id} 10:00:00.000-10:00:10.000 10s bad,busy | 6/1=6 0.833 | peak 1 gap 1000 fixed | early 2 useless 2 wasted 5 gave_up",
		}},
	}
}

// weakCases are about calls that cannot be told apart.
func weakCases() []stormCase {
	return []stormCase{
		{"weak: above what it calls in an ordinary hour", `
			default key=none op=w code=down
			09:00:00 success POST /charge x=300 every=12s
			10:00:10 error POST /charge x=110 every=1s
			10:02:00 success POST /charge x=50 every=12s` + later, []string{
			// Five calls a minute; failures in the minutes 10:00 (50) and 10:01 (60).
			"payments POST /charge 10:00:10.000-10:01:59.000 109s down | 110/10=11 0.909 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 100 recovered",
		}},
		{"weak: begins and ends within a minute", `
			default key=none op=w code=down
			09:00:00 success POST /charge x=300 every=12s
			10:00:20 error POST /charge
			10:00:50 error POST /charge x=80 every=1s
			10:02:50 error POST /charge
			10:03:00 success POST /charge x=50 every=12s` + later, []string{
			// Ten failures each in 10:00 and 10:02 are less than three times five, but in ten seconds. One in half a minute is not part of it.
			"payments POST /charge 10:00:50.000-10:02:09.000 79s down | 80/7=11.43 0.912 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 73 recovered",
		}},
		{"weak: at least one a minute, and no more history than twenty minutes", `
			09:40:00 success GET /other op=first
			10:00:00 error POST /charge key=none op=w code=bad status=400 retry=no x=20 every=3s` + later, []string{
			"payments POST /charge 10:00:00.000-10:00:57.000 57s bad | 20/1=20 0.95 | peak 1 gap 3000 fixed | early 0 useless 19 wasted 19 gave_up",
		}},
		{"weak: nine minutes of history say nothing", `
			09:51:00 success GET /other op=first
			10:00:00 error POST /charge key=none op=w code=down x=20 every=3s` + later, nil},
		{"weak: still going on among successes", `
			09:00:00 success POST /charge key=none op=w x=600 every=6s
			10:00:00.5 error POST /charge key=none op=w code=down x=120 every=1s
			10:00:00 success POST /charge key=none op=w x=21 every=6s`, []string{
			"payments POST /charge 10:00:00.500-10:01:59.500 119s down | 120/20=6 0.833 | peak 1 gap 1000 fixed | early 0 useless 0 wasted 100 ongoing",
		}},
		{"weak: an outage of all calls at the ordinary rate", `
			09:00:00 success POST /charge key=none op=w x=360 every=10s
			10:00:00 error POST /charge key=none op=w code=down x=120 every=10s` + later, nil},
		{"weak: a nightly batch of which a few fail", `
			08:00:00 success GET /other op=first
			10:00:00 success POST /charge key=none op=w x=2000 every=300ms
			10:00:00 error POST /charge key=none op=w code=bad status=400 x=100 every=6s` + later, nil},
		{"weak: a batch over many ids, all failing", `
			08:00:00 success GET /other op=first
			10:00:00 error POST /a/{id}/refresh key=none code=down x=300 every=500ms` + later, nil},
		{"weak: failures that were always there", `
			08:00:00 error POST /charge key=none op=w code=bad status=400 x=1200 every=9s` + later, nil},
	}
}

// decoyCases are no storms.
func decoyCases() []stormCase {
	return []stormCase{
		{"users click twice or three times", `
			10:00:00 error GET /a/{id} op=a code=down x=3 every=400ms
			10:00:01 error GET /a/{id} op=b code=down x=3 every=400ms
			10:00:02 error GET /a/{id} op=c code=down x=2 every=400ms` + later, nil},
		{"a counted outage: each call is tried once or twice", countedOutage() + later, nil},
		{"calls side by side under one trace id", `
			10:00:00 error POST /charge key=trace op=t code=down ms=800 x=25 every=10ms
			10:05:00 error GET /rates op=r code=down ms=800 x=25 every=10ms` + later, nil},
		{"pages under one trace id", "10:00:00 error GET /list code=down x=50 every=100ms" + later, nil},
		{"a cron job every 30 s, failing for an hour", `
			09:00:00 success GET /report op=c x=120 every=30s
			10:00:00 error GET /report op=c code=down x=120 every=30s` + later, nil},
		{"a poller that has failed since the data begins", "08:00:00 error GET /gone/{id} op=p code=gone status=404 x=480 every=30s" + later, nil},
		{"a poller of which every second call fails", jittered(1, 20*time.Second, 0.1, 0.5) + later, nil},
		{"a jittered poller of which two calls of three fail", jittered(2, 30*time.Second, 0.4, 0.67) + later, nil},
		{"a busy path with steady failures", atRandom(3, 2*time.Second, 0.4) + later, nil},
		{"a busier path with steadier failures", atRandom(4, 700*time.Millisecond, 0.6) + later, nil},
		{"a health check during an outage", `
			09:00:00 success GET /health op=h x=360 every=10s
			10:00:00 error GET /health op=h code=down status=0 cat=network x=30 every=10s
			10:05:00 success GET /health op=h x=100 every=10s` + later, nil},
		{"a long poll that times out again and again", "08:00:00 error GET /events op=e code=timeout status=504 ms=29900 x=480 every=30s" + later, nil},
	}
}

// countedOutage is an outage of POSTs without keys: 150 calls that fail, every third tried again.
func countedOutage() string {
	var b strings.Builder
	for i := range 150 {
		at := time.Duration(i) * 4 * time.Second
		fmt.Fprintf(&b, "10:%s error POST /charge key=none op=o code=down attempt=1\n", minuteSecond(at))
		if i%3 == 0 {
			fmt.Fprintf(&b, "10:%s error POST /charge key=none op=o code=down attempt=2\n", minuteSecond(at+1500*time.Millisecond))
		}
	}
	return b.String()
}

func minuteSecond(d time.Duration) string {
	return fmt.Sprintf("%02d:%06.3f", int(d.Minutes()), (d % time.Minute).Seconds())
}

// jittered polls for two hours, off by up to a share of the period; a share of the calls fails.
func jittered(seed uint64, period time.Duration, share, failing float64) string {
	rng := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	for at := time.Duration(0); at < 2*time.Hour; at += time.Duration(float64(period) * (1 + share*(2*rng.Float64()-1))) {
		writeCall(&b, rng, at, failing)
	}
	return b.String()
}

// atRandom calls one path for two hours, independently.
func atRandom(seed uint64, mean time.Duration, failing float64) string {
	rng := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	for at := time.Duration(0); at < 2*time.Hour; at += time.Duration(float64(mean) * rng.ExpFloat64()) {
		writeCall(&b, rng, at, failing)
	}
	return b.String()
}

func writeCall(b *strings.Builder, rng *rand.Rand, at time.Duration, failing float64) {
	kind := "success"
	if rng.Float64() < failing {
		kind = "error"
	}
	fmt.Fprintf(b, "%02d:%s %s GET /status op=s ms=40\n", 9+int(at.Hours()), minuteSecond(at%time.Hour), kind)
}
