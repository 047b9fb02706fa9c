// Package report writes a report about one vendor's errors that can be sent to that vendor: Markdown, or one HTML page
// that needs nothing else, no script and no network.
//
// A Report holds what may leave the house and nothing more; the caller decides what that is. Texts of the vendor are
// hostile here: they are escaped for the format that they are written into.
package report

import (
	"bytes"
	"embed"
	"fmt"
	html "html/template"
	"io"
	"strconv"
	"strings"
	text "text/template"
	"time"

	"github.com/errata-dev/errata/internal/render"
)

// Report is what the page says.
type Report struct {
	Vendor        string
	From, To      time.Time
	CompleteUntil *time.Time // nil = unknown
	Written       time.Time
	Version       string

	Responses, Errors, Throttled uint64
	ErrorRate                    *float64
	Cost                         Cost
	Codes                        []Code
	OtherErrors                  uint64 // of codes that are not listed
	OtherCodes                   int
	Timeline                     Timeline
	Storms                       []Storm
	Windows                      []Window
	Spikes                       []Spike
	CutStorms                    int // that are not listed, as are the others
	CutWindows, CutSpikes        int
	Examples                     []Example
	Notes                        []string
}

// Cost is what the errors cost us.
type Cost struct {
	Wasted      uint64        // failed attempts after the first of each operation
	Retries     uint64        // within storms
	RateLimited time.Duration // in which some window was open
	Waited      time.Duration // for calls that failed
}

// Code is one error code.
type Code struct {
	Status              uint16
	Code                string
	Count               uint64
	Share               float64
	ErrorRate           *float64
	Endpoints           uint64
	FirstSeen, LastSeen time.Time
	Message             string
	Counts              []uint64 // over the range, for a sparkline
}

// Storm is one retry storm.
type Storm struct {
	Caller               string
	Endpoint             string
	Start, End           time.Time
	Codes                string
	Attempts, Operations uint64
	Wasted               uint64
	Outcome              string
}

// Window is one stretch of time in which calls were rejected for a rate limit.
type Window struct {
	Caller             string
	Scope              string
	Start, End         time.Time
	Rejected, Admitted uint64
	Limit              string // as "60 per 1m0s, stated by the response"; "" = not known
	Early              uint64
}

// Spike is one stretch of time in which a code was far more frequent than usual.
type Spike struct {
	Status     uint16
	Code       string
	Start, End time.Time
	Count      uint64
	Expected   float64
	New        bool
}

// Example is one error.
type Example struct {
	Time            time.Time
	Endpoint, Host  string
	Status          uint16
	Code, Message   string
	TraceID         string
	VendorRequestID string
}

//go:embed report.html.tmpl report.md.tmpl
var files embed.FS

// HTML writes one page.
func (r Report) HTML(w io.Writer) error {
	chart, err := r.Timeline.svg()
	if err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	page, err := html.New("report.html.tmpl").Funcs(html.FuncMap(functions())).ParseFS(files, "report.html.tmpl")
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return write(w, func(b *bytes.Buffer) error {
		return page.Execute(b, map[string]any{"R": r, "Chart": html.HTML(chart)}) // numbers and times of ours only
	})
}

// Markdown writes a document as GitHub and most others read it.
func (r Report) Markdown(w io.Writer) error {
	document, err := text.New("report.md.tmpl").Funcs(functions()).ParseFS(files, "report.md.tmpl")
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return write(w, func(b *bytes.Buffer) error { return document.Execute(b, map[string]any{"R": r}) })
}

// write writes all or nothing.
func write(w io.Writer, execute func(*bytes.Buffer) error) error {
	var b bytes.Buffer
	if err := execute(&b); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func functions() text.FuncMap {
	return text.FuncMap{
		"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"iso":  func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") },
		"n":    count, "percent": percent, "duration": Duration, "code": codeName, "md": escapeMarkdown, "plain": plain, "spark": spark,
		"round":  func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) },
		"swatch": func(i int) html.CSS { return html.CSS("background: var(--c" + strconv.Itoa(i%len(palette)) + ")") },
	}
}

// count separates thousands.
func count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func percent(share any) string {
	var f float64
	switch v := share.(type) {
	case float64:
		f = v
	case *float64:
		if v == nil {
			return "–"
		}
		f = *v
	}
	if f > 0 && f < 0.0005 {
		return "<0.1 %"
	}
	return strconv.FormatFloat(f*100, 'f', 1, 64) + " %"
}

// Duration keeps the units that say something. Like the terminal's it states full minutes and seconds only, so that two
// answers about one window agree.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < time.Minute:
		d = d.Round(100 * time.Millisecond)
	case d < time.Hour:
		d = d.Truncate(time.Second)
	default:
		d = d.Truncate(time.Minute)
	}
	return render.Span(d)
}

func codeName(status uint16, code string) string {
	name := strconv.Itoa(int(status))
	if status == 0 {
		name = "no response"
	}
	if code != "" {
		name += " " + code
	}
	return name
}

// spark draws counts as bars of text.
func spark(counts []uint64) string {
	const bars = "▁▂▃▄▅▆▇█"
	var most uint64
	for _, n := range counts {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range counts {
		height := uint64(0)
		if n > 0 {
			height = 1 + n*6/most
		}
		b.WriteRune([]rune(bars)[height])
	}
	return b.String()
}
