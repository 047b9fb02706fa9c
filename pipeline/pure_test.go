package pipeline

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestJudge(t *testing.T) {
	log := span{From: 100, To: 200}
	all := offsets{{From: 0, To: 200}}
	f := func(committed int64, held offsets, at StartAt, policy GapPolicy, want verdict) {
		t.Helper()
		got := judge(committed, log, held, at, policy)
		require.Equal(t, want.halt == "", got.halt == "", got.halt)
		if got.halt != "" {
			require.Contains(t, got.halt, want.halt)
			got.halt, want.halt = "", ""
		}
		require.Equal(t, want, got)
	}
	f(noCommit, nil, StartEarliest, GapHalt, verdict{next: 100})
	f(noCommit, all, StartEarliest, GapHalt, verdict{next: 100})
	f(noCommit, nil, StartLatest, GapHalt, verdict{next: 200})
	f(100, nil, StartLatest, GapHalt, verdict{next: 100})
	f(150, nil, StartEarliest, GapHalt, verdict{next: 150})
	f(200, nil, StartEarliest, GapHalt, verdict{next: 200})
	f(201, nil, StartEarliest, GapContinue, verdict{halt: "beyond the end of the log, 200"})
	f(99, nil, StartEarliest, GapHalt, verdict{next: 100, gap: span{From: 99, To: 100}, halt: "[99, 100) were deleted"})
	f(0, nil, StartLatest, GapContinue, verdict{next: 100, gap: span{From: 0, To: 100}})
	f(0, offsets{{From: 0, To: 99}}, StartEarliest, GapContinue, verdict{next: 100, gap: span{From: 0, To: 100}})
	f(50, all, StartEarliest, GapHalt, verdict{next: 100})
}

func TestCutRule(t *testing.T) {
	r := cutRule{rows: 10, bytes: 100, age: time.Second, quiet: 250 * time.Millisecond}
	require.False(t, r.full(9, 99))
	require.True(t, r.full(10, 0))
	require.True(t, r.full(0, 100))
	require.Equal(t, 10, r.rowsLike(3, 3), "bounded by rows")
	require.Equal(t, 5, r.rowsLike(3, 60), "bounded by bytes")
	require.Equal(t, 10, r.rowsLike(3, 0))
	zero := time.Unix(0, 0)
	f := func(last, want time.Duration) {
		t.Helper()
		require.Equal(t, want, r.due(zero, zero.Add(last)).Sub(zero))
	}
	f(0, 250*time.Millisecond)
	f(500*time.Millisecond, 750*time.Millisecond)
	f(900*time.Millisecond, time.Second)
}

func TestOffsetsAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := map[int64]bool{}
		var spans []span
		for range rapid.IntRange(0, 8).Draw(t, "spans") {
			s := span{From: rapid.Int64Range(0, 30).Draw(t, "from")}
			s.To = s.From + rapid.Int64Range(-1, 6).Draw(t, "length")
			spans = append(spans, s)
			for o := s.From; o < s.To; o++ {
				model[o] = true
			}
		}
		set := newOffsets(spans)
		for i := range set {
			require.Less(t, set[i].From, set[i].To)
			require.True(t, i == 0 || set[i-1].To < set[i].From, "disjoint, sorted, not touching: %v", set)
		}
		for o := int64(-1); o < 40; o++ {
			require.Equal(t, model[o], set.contains(o), "offset %d of %v", o, set)
		}
		asked := span{From: rapid.Int64Range(0, 40).Draw(t, "asked from"), To: rapid.Int64Range(0, 40).Draw(t, "asked to")}
		covered, count := true, int64(0)
		for o := asked.From; o < asked.To; o++ {
			covered = covered && model[o]
			if model[o] {
				count++
			}
		}
		require.Equal(t, covered, set.covers(asked))
		require.Equal(t, count, set.count(asked))
	})
}

func TestTheTrackerKnowsWhatIsAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := newTracker()
		type state struct {
			end, committed int64
			open           []shipment
		}
		model := map[int32]*state{0: {}, 1: {}}
		t.Repeat(map[string]func(*rapid.T){
			"produce": func(t *rapid.T) {
				id, n := rapid.Int32Range(0, 1).Draw(t, "partition"), rapid.Int64Range(1, 9).Draw(t, "records")
				m := model[id]
				m.end += n
				m.open = append(m.open, shipment{m.end, n * 10})
				tr.produced(id, m.end, n*10)
			},
			"commit": func(t *rapid.T) {
				id := rapid.Int32Range(0, 1).Draw(t, "partition")
				m := model[id]
				offset := rapid.Int64Range(0, m.end).Draw(t, "offset")
				m.committed = max(m.committed, offset)
				tr.committed(id, offset)
			},
			"": func(t *rapid.T) {
				var ahead int64
				ends := map[int32]int64{}
				reached := true
				for id, m := range model {
					for _, s := range m.open {
						if s.end > m.committed {
							ahead += s.bytes
						}
					}
					if m.end > 0 {
						ends[id] = m.end
					}
					reached = reached && m.committed >= m.end
				}
				require.Equal(t, ahead, tr.ahead)
				require.Equal(t, ends, tr.ends())
				_, ok := tr.reached(ends)
				require.Equal(t, reached, ok)
			},
		})
	})
}

func TestBackoff(t *testing.T) {
	for n := 1; n < 100; n++ {
		d := backoff(n, 3*time.Second)
		require.GreaterOrEqual(t, d, firstBackoff/2)
		require.LessOrEqual(t, d, 3*time.Second)
	}
	require.LessOrEqual(t, backoff(1, time.Minute), firstBackoff)
	require.LessOrEqual(t, backoff(1, time.Millisecond), time.Millisecond)
}

func TestQuietCountsWhatItSuppresses(t *testing.T) {
	var q quiet
	now := time.Unix(0, 0)
	f := func(kind string, at time.Duration, wantSkipped int, wantOK bool) {
		t.Helper()
		skipped, ok := q.allow(kind, now.Add(at))
		require.Equal(t, wantOK, ok)
		require.Equal(t, wantSkipped, skipped)
	}
	f("a", 0, 0, true)
	f("a", time.Second, 0, false)
	f("b", time.Second, 0, true)
	f("a", 2*time.Second, 0, false)
	f("a", noisyInterval, 2, true)
	f("a", 2*noisyInterval, 0, true)
}

func TestHealthGivesEveryReason(t *testing.T) {
	var h health
	ready, _ := h.state()
	require.True(t, ready)
	h.set("b", "two")
	h.set("a", "one")
	ready, reason := h.state()
	require.False(t, ready)
	require.Equal(t, "one\ntwo", reason)
	h.clear("a")
	h.clear("b")
	ready, _ = h.state()
	require.True(t, ready)
}

func TestLinesOfAnyLength(t *testing.T) {
	f := func(text string, limit int, want ...string) {
		t.Helper()
		l := NewLines(strings.NewReader(text), limit)
		var got []string
		for {
			line, err := l.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			got = append(got, string(line))
		}
		require.Equal(t, want, got)
	}
	f("", 10)
	f("\n\r\n \n\t", 10)
	f("a\nb\r\nc", 10, "a", "b", "c")
	f("a\r\r\n", 10, "a\r")
	f("1234567890\n", 10, "1234567890")
	f("1234567890\r\n", 10, "1234567890")
	f("12345678901\r\nx\n", 10, "1234567890", "x")
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\n\nb"), 3)
	f.Add(bytes.Repeat([]byte("x"), 3<<20), 100)
	f.Fuzz(func(t *testing.T, text []byte, limit int) {
		limit = max(1, limit&0xffff)
		l := NewLines(bytes.NewReader(text), limit)
		want := bytes.FieldsFunc(text, func(r rune) bool { return r == '\n' })
		lines, blank := 0, 0
		for _, w := range want {
			if len(bytes.TrimSpace(w[:min(len(w), limit)])) == 0 {
				blank++
			}
		}
		for {
			line, err := l.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			require.LessOrEqual(t, len(line), limit)
			require.NotContains(t, string(line), "\n")
			require.Equal(t, l.cut(), l.whole > int64(len(line)))
			lines++
		}
		require.Equal(t, len(want)-blank, lines)
	})
}
