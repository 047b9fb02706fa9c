package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sample is an hour in buckets of two minutes: a storm in the middle, no traffic at the end.
func sample() *Timeline {
	start := now().Add(-time.Hour)
	t := &Timeline{End: now(), Step: 2 * time.Minute}
	all, errors := Series{Label: "all responses"}, Series{Label: "all errors"}
	down, odd := Series{Label: "truelayer 504 provider_timeout", Tone: ToneBad}, Series{Label: "acme 400 \x1b[31m口座が見つかりません口座が見つかりません"}
	var known []bool
	for i := range 30 {
		t.Starts = append(t.Starts, start.Add(time.Duration(i)*2*time.Minute))
		known = append(known, i < 27)
		count := func(s *Series, n uint64) { s.Values, s.Total = append(s.Values, n), s.Total+n }
		peak := uint64(0)
		if i >= 10 && i < 15 {
			peak = uint64(i * 100)
		}
		traffic := uint64(1000)
		if i >= 27 {
			traffic = 0
		}
		count(&all, traffic+peak)
		count(&errors, peak+1)
		count(&down, peak)
		count(&odd, uint64(i%2))
	}
	all.Known, errors.Known, down.Known, odd.Known = known, known, known, known
	t.Overall, t.Lines = []Series{all, errors}, []Series{down, odd}
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	t.Tracks = []Track{
		{Name: "limits", Kind: "limit", Tone: ToneWarn},
		{Name: "storms", Kind: "storm", Tone: ToneBad, Marks: []Mark{
			{at(-90), at(6), []string{"acme billing", "before the range"}},
			{at(20), at(30), []string{"truelayer checkout", "1,200 attempts of 30 calls", "", "POST /v3/payments/{id}/authorization-flow/actions"}},
			{at(21), at(22), []string{"overlapping\x1b[0m"}},
			{at(22), at(22), []string{"a moment"}},
			{at(20), at(40), []string{"one more than there are lines"}},
		}},
	}
	return t
}

func TestTimelineGoldens(t *testing.T) {
	f := func(name string, o Options) {
		t.Helper()
		o.Now = now()
		var out bytes.Buffer
		require.NoError(t, Write(&out, Answer{Table: &Table{}, Picture: sample()}, o))
		golden(t, "timeline."+name, out.String())
		if o.Format != FormatTable {
			return
		}
		for line := range strings.Lines(out.String()) {
			if o.Width >= 80 && !o.Colour {
				require.LessOrEqual(t, textWidth(strings.TrimSuffix(line, "\n")), o.Width, line)
			}
		}
	}
	f("80", Options{Width: 80})
	f("40", Options{Width: 40})
	f("200", Options{Width: 200})
	f("1", Options{Width: 1}) // nonsense must not panic
	f("ascii", Options{Width: 80, ASCII: true})
	f("colour", Options{Width: 80, Colour: true})
	f("markdown", Options{Format: FormatMarkdown})
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	require.NoError(t, err)
	f("zone", Options{Width: 120, Location: copenhagen})
}

// The axis names round times, each where its column begins, none into another.
func TestTimelineAxis(t *testing.T) {
	f := func(length, step time.Duration, zone, want string) {
		t.Helper()
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		start := time.Date(2026, 3, 28, 0, 0, 0, 0, location)
		line := &Timeline{Step: step, End: start.Add(length)}
		for at := start; at.Before(line.End); at = at.Add(step) {
			line.Starts = append(line.Starts, at)
		}
		c := &canvas{Timeline: line, options: Options{Location: location}, wide: 1}
		require.Equal(t, want, strings.TrimRight(c.axis(), " "))
	}
	f(time.Hour, 2*time.Minute, "UTC", "00:00     00:20     00:40")
	f(5*time.Minute, 10*time.Second, "UTC", "00:00:00    00:02:00")
	f(24*time.Hour, 30*time.Minute, "UTC", "00:00 03:00 06:00 09:00 12:00 15:00 18:00 21:00")
	f(7*24*time.Hour, 3*time.Hour, "UTC", "03-28   03-29   03-30   03-31   04-01   04-02   04-03")
	f(3*24*time.Hour, 2*time.Hour, "Europe/Copenhagen", "03-28       03-29       03-30") // a day of 23 hours between
	f(5*365*24*time.Hour, 28*24*time.Hour, "UTC", "        2026-11      2027-11      2028-11      2029-11")
	f(time.Second, time.Second, "UTC", "")
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "", 1e-9: "▏", 0.5: "████", 0.51: "████▏", 1: "████████", 7: "████████", -1: ""} {
		require.Equal(t, want, display(normalize(share), Bar, Options{}.withDefaults()))
	}
}

func TestExact(t *testing.T) {
	require.Equal(t, "1234567.125", display(normalize(1234567.125), Exact, Options{}.withDefaults()))
}

func TestToASCII(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		require.Equal(t, want, string(toASCII([]byte(text))))
		require.Equal(t, textWidth(text), len(want))
	}
	f("plain text", "plain text")
	f("──▁▂█ ↳ – … ±0 %", "--_,# > - ~ ~0 %")
	f("口座 é 👍🏽", "???? ? ??")
}

func TestASCIILocale(t *testing.T) {
	f := func(want bool, settings ...string) {
		t.Helper()
		require.Equal(t, want, asciiLocale(func(name string) string {
			for _, s := range settings {
				if value, ok := strings.CutPrefix(s, name+"="); ok {
					return value
				}
			}
			return ""
		}))
	}
	f(false)
	f(false, "LANG=en_GB.UTF-8")
	f(false, "LC_CTYPE=UTF-8", "LANG=C")
	f(false, "LANG=C.utf8")
	f(true, "LANG=C")
	f(true, "LC_ALL=POSIX", "LANG=en_GB.UTF-8")
	f(true, "LANG=de_DE.ISO-8859-1")
}
