package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file in testdata; only -update writes it, a missing one fails.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

type topRow struct {
	Vendor    string    `json:"vendor"`
	Status    int       `json:"status"`
	Code      string    `json:"code"`
	Category  string    `json:"category"`
	Count     uint64    `json:"count"`
	Share     float64   `json:"share"`
	ErrorRate *float64  `json:"error_rate"`
	LastSeen  time.Time `json:"last_seen"`
	Change    *float64  `json:"change"`
	Trend     []uint64  `json:"trend"`
	Message   string    `json:"message"`
	Wait      *waits    `json:"retry_after_ms"`
	Tags      []string  `json:"tags"`
}

type waits struct {
	Min    int64 `json:"min"`
	Median int64 `json:"median"`
}

func topColumns() []Column[topRow] {
	return []Column[topRow]{
		{Name: "vendor"},
		{Name: "status", Kind: Number},
		{Name: "code"},
		{Name: "category", Priority: 3, Tone: func(r topRow) Tone { return CategoryTone(r.Category) }},
		{Name: "count", Kind: Number},
		{Name: "share", Kind: Percent, Priority: 2},
		{Name: "error_rate", Title: "RATE", Kind: Percent, Priority: 4},
		{Name: "last_seen", Title: "LAST", Kind: Time, Priority: 5},
		{Name: "seen", Kind: Age, Place: TableOnly, Priority: 8, Value: func(r topRow) any { return r.LastSeen }},
		{Name: "change", Kind: Change, Priority: 1},
		{Name: "trend", Kind: Spark, Priority: 3},
		{Name: "retry_after_ms.median", Place: RawOnly},
		{Name: "tags", Kind: List, Place: RawOnly},
		{Name: "message", Place: Wrap},
	}
}

func pointer[T any](v T) *T { return &v }

func now() time.Time { return time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC) }

func topRows() []topRow {
	return []topRow{
		{
			Vendor: "truelayer", Status: 504, Code: "provider_timeout", Category: "timeout", Count: 1234567, Share: 0.4271, ErrorRate: pointer(0.0312),
			LastSeen: now().Add(-42 * time.Second), Change: pointer(1.2), Trend: []uint64{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 70, 2, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 60, 2},
			Message: "The provider service timed out.", Wait: &waits{1000, 5000}, Tags: []string{"a", "b"},
		},
		{
			Vendor: "truid", Status: 429, Code: "too_many_requests", Category: "rate_limit", Count: 279, Share: 0.0004, ErrorRate: nil,
			LastSeen: now().Add(-26 * time.Hour), Change: nil, Trend: []uint64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
			Message: "Workspace rate limit exceeded, and this explanation of it goes on for quite a while, longer than any terminal is wide at first sight.",
		},
		{
			Vendor: "bics", Status: 503, Code: "", Category: "upstream", Count: 12, Share: 0.1, ErrorRate: pointer(1.0),
			LastSeen: now().Add(-3 * time.Hour), Change: pointer(-0.5), Trend: nil, Message: "",
		},
		{
			Vendor: "銀行", Status: 400, Code: "=cmd|' /C calc'!A0", Category: "validation", Count: 1, Share: 0.25, ErrorRate: pointer(0.5),
			LastSeen: now(), Change: pointer(0.0), Trend: []uint64{1},
			Message: "\x1b[31mred\x1b[0m\ttab\nline \u202egnp.exe\u2066 \u009b2J \x7f \u2028 <b>|*x*| \"q\" \\ \xff",
		},
	}
}

func topAnswer(t *testing.T) Answer {
	t.Helper()
	table, err := NewTable(topColumns(), topRows())
	require.NoError(t, err)
	table.AddFooter(map[string]any{"vendor": "other", "count": 7, "share": 0.01})
	table.AddFooter(map[string]any{"vendor": "total", "count": 1234866})
	return Answer{Table: table, Whole: struct {
		From  time.Time `json:"from"`
		Rows  []topRow  `json:"rows"`
		Notes []string  `json:"notes"`
	}{now().Add(-time.Hour), topRows(), nil}}
}

func rendered(t *testing.T, a Answer, o Options) string {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, Write(&buf, a, o))
	return buf.String()
}

func TestGoldens(t *testing.T) {
	for _, name := range FormatNames() {
		format, err := ParseFormat(name)
		require.NoError(t, err)
		golden(t, "top."+name, rendered(t, topAnswer(t), Options{Format: format, Now: now()}))
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	golden(t, "top.wide", rendered(t, topAnswer(t), Options{Width: 200, Now: now(), Location: berlin}))
	golden(t, "top.colour", rendered(t, topAnswer(t), Options{Width: 140, Now: now(), Colour: true}))
	golden(t, "top.interactive.json", rendered(t, topAnswer(t), Options{Format: FormatJSON, Interactive: true}))
}

func TestNarrowTables(t *testing.T) {
	for _, width := range []int{160, 120, 80, 60, 40, 20} {
		got := rendered(t, topAnswer(t), Options{Width: width, Now: now()})
		for _, line := range strings.Split(got, "\n") {
			require.LessOrEqual(t, textWidth(line), width, "%q", line)
			require.Equal(t, strings.TrimRight(line, " "), line)
		}
		golden(t, fmt.Sprintf("top.%d", width), got)
	}
}

func TestEmptyAnswers(t *testing.T) {
	table, err := NewTable(topColumns(), []topRow{})
	require.NoError(t, err)
	f := func(format Format, lines int) {
		t.Helper()
		got := rendered(t, Answer{Table: table, Whole: map[string]any{"rows": []topRow(nil)}}, Options{Format: format})
		require.Equal(t, lines, strings.Count(got, "\n"), "%q", got)
	}
	f(FormatTable, 2)
	f(FormatMarkdown, 2)
	f(FormatCSV, 1)
	f(FormatTSV, 1)
	f(FormatJSON, 1)
	f(FormatJSONLines, 0)
}

// No format may let a vendor's text steer the terminal it ends up on.
func TestHostileTexts(t *testing.T) {
	for i, name := range FormatNames() {
		for _, width := range []int{30, 80, 300} {
			got := rendered(t, topAnswer(t), Options{Format: Format(i), Width: width})
			requireHarmless(t, got, name)
		}
	}
}

func requireHarmless(t testing.TB, text, what string) {
	t.Helper()
	require.True(t, utf8.ValidString(text), what)
	for _, r := range text {
		if r != '\n' && r != '\t' && r != '\r' {
			require.False(t, harmful(r), "%s lets %U through", what, r)
		}
	}
}

func TestMachinesReadBackWhatWasWritten(t *testing.T) {
	records, err := csv.NewReader(strings.NewReader(rendered(t, topAnswer(t), Options{Format: FormatCSV}))).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 5)
	require.Equal(t, []string{"truelayer", "504", "provider_timeout", "timeout", "1234567", "0.4271", "0.0312", "2026-03-14T14:59:18.000Z", "1.2", "0,1,2,3,4,5,6,7,0,1,70,2,0,1,2,3,4,5,6,7,0,1,60,2", "5000", "a,b", "The provider service timed out."}, records[1])
	require.Equal(t, "'=cmd|' /C calc'!A0", records[4][2])
	require.Equal(t, "-0.5", records[3][8], "numbers are not guarded")

	lines := strings.Split(strings.TrimSuffix(rendered(t, topAnswer(t), Options{Format: FormatTSV}), "\n"), "\n")
	require.Len(t, lines, 5)
	for _, line := range lines {
		require.Len(t, strings.Split(line, "\t"), len(records[0]))
	}

	for i, line := range strings.Split(strings.TrimSpace(rendered(t, topAnswer(t), Options{Format: FormatJSONLines})), "\n") {
		var row topRow
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		want := topRows()[i]
		want.Message = strings.ToValidUTF8(want.Message, "\ufffd")
		require.Equal(t, want.Message, row.Message, "JSON loses nothing")
		require.Equal(t, want.LastSeen, row.LastSeen)
	}
}

func TestUnknownMemberIsAnError(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		_, err := NewTable([]Column[topRow]{{Name: name}}, nil)
		require.ErrorContains(t, err, want)
	}
	f("nope", `has no member "nope"`)
	f("retry_after_ms.nope", `has no member "nope"`)
	f("vendor.x", "a string has no members")
}

func TestWriteFails(t *testing.T) {
	require.ErrorContains(t, Write(failing{}, topAnswer(t), Options{}), "write table: no room")
	require.ErrorContains(t, Write(&bytes.Buffer{}, Answer{}, Options{}), "no table")
	require.ErrorContains(t, Write(&bytes.Buffer{}, Answer{Whole: func() {}}, Options{Format: Format(77)}), "Format(77)")
	require.ErrorContains(t, WriteNotes(failing{}, []string{"x"}), "write notes: no room")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("no room") }

func TestNotes(t *testing.T) {
	var buf bytes.Buffer
	require.NoError(t, WriteNotes(&buf, []string{"plain", "a\x1b[2Jb\nc"}))
	require.Equal(t, "note: plain\nnote: a\\x1b[2Jb\\nc\n", buf.String())
}

func TestParseFormat(t *testing.T) {
	for _, name := range FormatNames() {
		f, err := ParseFormat(name)
		require.NoError(t, err)
		require.Equal(t, name, f.String())
	}
	_, err := ParseFormat("xml")
	require.ErrorContains(t, err, `no output format "xml", want one of table, json`)
}

func TestDetectPiped(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	terminal := Detect(file, func(string) string { return "" })
	require.Equal(t, Terminal{}, terminal)
	require.Equal(t, FormatTSV, terminal.Options().Format)
	require.Equal(t, FormatTable, Terminal{Interactive: true}.Options().Format)
}

type stormRow struct {
	Vendor   string    `json:"vendor"`
	Service  string    `json:"service"`
	Endpoint string    `json:"endpoint"`
	Start    time.Time `json:"start"`
	Duration float64   `json:"duration_s"`
	Attempts uint64    `json:"attempts"`
	Amp      float64   `json:"amplification"`
	Gap      float64   `json:"median_gap_ms"`
	Backoff  string    `json:"backoff"`
	Wasted   uint64    `json:"wasted"`
	Outcome  string    `json:"outcome"`
}

func stormAnswer(t *testing.T) Answer {
	t.Helper()
	table, err := NewTable([]Column[stormRow]{
		{Name: "start", Kind: Time},
		{Name: "duration_s", Title: "LASTED", Kind: Seconds, Priority: 2},
		{Name: "vendor"},
		{Name: "service", MinWidth: 10},
		{Name: "endpoint", Place: Wrap, MinWidth: 24},
		{Name: "attempts", Kind: Number},
		{Name: "amplification", Title: "×", Kind: Number, Priority: 1},
		{Name: "wasted", Kind: Number},
		{Name: "median_gap_ms", Title: "GAP", Kind: Millis, Priority: 3},
		{Name: "backoff", Priority: 4},
		{Name: "outcome", Tone: func(r stormRow) Tone {
			return map[string]Tone{"recovered": ToneGood, "ongoing": ToneBad, "gave_up": ToneWarn}[r.Outcome]
		}},
	}, []stormRow{
		{"bics", "sim-provisioning", "PUT /api/v1/endpoint/{id}", now().Add(-38 * time.Minute), 176.3, 1200, 40, 180, "none", 1170, "gave_up"},
		{"truelayer", "checkout", "GET /data/v1/accounts/{id}/transactions", now().Add(-27 * time.Minute), 108.5, 192, 8, 3307, "exponential", 144, "recovered"},
	})
	require.NoError(t, err)
	return Answer{Table: table}
}

func TestStormsFitTheUsualTerminals(t *testing.T) {
	for _, width := range []int{150, 120, 100, 80} {
		golden(t, fmt.Sprintf("storms.%d", width), rendered(t, stormAnswer(t), Options{Width: width, Now: now()}))
	}
}

// Columns of a statement of one's own can have any name.
func TestHostileTitles(t *testing.T) {
	name := "=a\x1b[31m|b\n"
	table, err := NewTable([]Column[int]{{Name: name, Title: name, Value: func(i int) any { return i }}}, []int{1})
	require.NoError(t, err)
	for format, want := range map[Format]string{
		FormatTSV: `=a\x1b[31m|b\n` + "\n", FormatCSV: `"'=a\x1b[31m|b` + "\n\"\r\n", FormatMarkdown: `| =a\\x1b\[31m\|b\\n |` + "\n",
	} {
		var out strings.Builder
		require.NoError(t, Write(&out, Answer{Table: table}, Options{Format: format}))
		require.True(t, strings.HasPrefix(out.String(), want), "%s: %q", format, out.String())
	}
}

func TestMarkdownStaysText(t *testing.T) {
	got := EscapeMarkdown("https://evil.example www.evil.example @everyone me@evil.example _x_ ![a](b) <img> # $x$ & `c`")
	for _, alive := range []string{"://", "www.", "@e", " _", "![", "<", "& "} {
		require.NotContains(t, got, alive)
	}
}

func TestMarkdownLinks(t *testing.T) {
	columns := []Column[string]{{Name: "docs", Kind: Link, Value: func(address string) any { return address }}}
	for address, want := range map[string]string{
		"https://docs.example/errors_1": "| <https://docs.example/errors_1> |",
		"https://docs.example/a|b> c":   "| <https://docs.example/a%7Cb%3E%20c> |",
		"javascript://docs.example/*x*": `| javascript:&#47;&#47;docs.example/\*x\* |`,
	} {
		table, err := NewTable(columns, []string{address})
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, Write(&out, Answer{Table: table}, Options{Format: FormatMarkdown}))
		require.Contains(t, out.String(), want)
	}
}
