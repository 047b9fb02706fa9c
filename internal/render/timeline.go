package render

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Timeline is a picture of counts over time: a line a series, a column or more a bucket.
type Timeline struct {
	Starts []time.Time // of the buckets
	End    time.Time   // of the last one
	Step   time.Duration
	// Overall are the lines above the rule, Lines those below it.
	Overall, Lines []Series
	Tracks         []Track
}

// Series is one line of a timeline.
type Series struct {
	Label  string
	Total  uint64
	Values []uint64
	// Known tells of each bucket whether anything is known about it; nil means of all.
	Known []bool
	Tone  Tone
}

// Track is what was marked of one kind: under the lines as letters, in the legend with its times.
type Track struct {
	Name  string // of the line, such as storms
	Kind  string // of one mark, such as storm
	Tone  Tone
	Marks []Mark
}

// Mark is a stretch of time, and what is to be said about it, the most important first.
type Mark struct {
	Start, End time.Time
	Parts      []string
}

const (
	numberWidth = 7                          // of the columns TOTAL and PEAK
	besides     = 2*numberWidth + 3*len(gap) // what a line has beside its label and its picture
	labelWidth  = 46
)

// PictureWidth is how many columns of a terminal the picture itself gets; the rest is for labels and numbers.
func (o Options) PictureWidth() int {
	width := o.withDefaults().Width
	return max(10, width*45/100, width-labelWidth-besides)
}

// canvas draws one timeline.
type canvas struct {
	*Timeline
	buf     *bytes.Buffer
	paint   painter
	options Options
	wide    int // columns of a bucket
	label   int // width of the labels
}

func printTimeline(buf *bytes.Buffer, t *Timeline, o Options) {
	c := &canvas{Timeline: t, buf: buf, paint: painter{on: o.Colour}, options: o}
	c.wide = max(1, o.PictureWidth()/max(1, len(t.Starts)))
	c.label = max(10, o.Width-besides-c.width())
	longest := 0
	for _, s := range append(slices.Clone(t.Overall), t.Lines...) {
		longest = max(longest, textWidth(Escape(s.Label)))
	}
	c.label = min(c.label, max(10, longest))

	c.line("", "TOTAL", c.axis(), "PEAK", sgrBold)
	for _, s := range t.Overall {
		c.series(s)
	}
	c.rule()
	for _, s := range t.Lines {
		c.series(s)
	}
	c.tracks()
	fmt.Fprintf(buf, "\n%s, PEAK the most in that time. Every line has its own scale.\n· is none, blank is no traffic.\n", c.scale())
	c.legend()
}

// scale says how long a bucket is, which may be several columns wide.
func (c *canvas) scale() string {
	if c.wide > 1 {
		return fmt.Sprintf("%d columns are %s", c.wide, Span(c.Step))
	}
	return "One column is " + Span(c.Step)
}

// Span is a length of time without the units that are zero: 90s is 1m30s, and 60s is 1m.
func Span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// width is that of the picture.
func (c *canvas) width() int { return len(c.Starts) * c.wide }

// line writes a label, a number, a picture in one colour and a number.
func (c *canvas) line(label, total, picture, peak, sgr string) {
	label = cut(label, c.label)
	text := label + strings.Repeat(" ", c.label-textWidth(label)) + gap + right(total, numberWidth) + gap
	if peak == "" && strings.TrimSpace(picture) == "" {
		text = strings.TrimRight(text, " ")
	}
	c.buf.WriteString(text)
	if peak == "" {
		picture = strings.TrimRight(picture, " ")
	}
	c.paint.paint(c.buf, picture, sgr)
	if peak != "" {
		c.buf.WriteString(gap + right(peak, numberWidth))
	}
	c.buf.WriteByte('\n')
}

func right(text string, width int) string {
	return strings.Repeat(" ", max(0, width-textWidth(text))) + text
}

func (c *canvas) rule() {
	c.paint.paint(c.buf, strings.Repeat("─", c.label+c.width()+besides), sgrMuted)
	c.buf.WriteByte('\n')
}

func (c *canvas) series(s Series) {
	var peak uint64
	for _, v := range s.Values {
		peak = max(peak, v)
	}
	var picture strings.Builder
	for i, v := range s.Values {
		cell := level(v, peak)
		if v == 0 && s.Known != nil && !s.Known[i] {
			cell = " "
		}
		picture.WriteString(strings.Repeat(cell, c.wide))
	}
	c.line(Escape(s.Label), short(s.Total), picture.String(), short(peak), sgrOf(s.Tone))
}

// level is the bar of a count; the highest one is that of the peak.
func level(v, peak uint64) string {
	if v == 0 {
		return "·"
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	return string(bars[int(math.Ceil(float64(v)/float64(peak)*float64(len(bars))))-1])
}

// short is a count in at most 7 characters.
func short(n uint64) string {
	switch {
	case n < 1_000_000:
		return thousands(strconv.FormatUint(n, 10))
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1fM", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1fG", float64(n)/1e9)
}

// maxTracks is how many lines one kind of mark gets.
const maxTracks = 3

// tracks draws the marks under the lines. Marks of one kind that overlap get lines of their own, up to maxTracks;
// what finds none becomes a plus in the last.
func (c *canvas) tracks() {
	letter := 0
	ruled := false
	for _, t := range c.Tracks {
		var lines [][]rune
		for _, m := range t.Marks {
			lines = c.place(lines, m, letterOf(letter))
			letter++
		}
		if len(lines) > 0 && !ruled {
			c.rule()
			ruled = true
		}
		for i, line := range lines {
			name := ""
			if i == 0 {
				name = t.Name
			}
			c.line(name, "", string(line), "", sgrOf(t.Tone))
		}
	}
}

// place writes a mark into the first line that is free there.
func (c *canvas) place(lines [][]rune, m Mark, letter rune) [][]rune {
	first, last := c.columns(m)
	for _, line := range lines {
		if strings.TrimSpace(string(line[first:last+1])) == "" {
			return fill(lines, line, first, last, letter)
		}
	}
	if len(lines) == maxTracks {
		return fill(lines, lines[maxTracks-1], first, last, '+')
	}
	line := []rune(strings.Repeat(" ", c.width()))
	return fill(append(lines, line), line, first, last, letter)
}

func fill(lines [][]rune, line []rune, first, last int, letter rune) [][]rune {
	for i := first; i <= last; i++ {
		line[i] = letter
	}
	return lines
}

// columns are the first and the last one that a mark touches, cut to the picture.
func (c *canvas) columns(m Mark) (first, last int) {
	bucket := func(t time.Time) int {
		after, _ := slices.BinarySearchFunc(c.Starts, t, func(start, t time.Time) int {
			if start.After(t) {
				return 1
			}
			return -1
		})
		return max(0, after-1)
	}
	end := m.End
	if end.After(m.Start) {
		end = end.Add(-time.Nanosecond) // it ended before the bucket that begins then
	}
	return bucket(m.Start) * c.wide, bucket(end)*c.wide + c.wide - 1
}

func letterOf(n int) rune {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	return rune(letters[n%len(letters)])
}

// legend says what the letters mean.
func (c *canvas) legend() {
	letter := 0
	for _, t := range c.Tracks {
		for _, m := range t.Marks {
			head := fmt.Sprintf("%c %s  %s – %s  ", letterOf(letter), t.Kind, clock(m.Start, c.options), c.endClock(m))
			letter++
			c.wrap(head, append([]string{duration(float64(m.End.Sub(m.Start).Milliseconds()))}, m.Parts...), sgrOf(t.Tone))
		}
	}
}

// endClock leaves the date to the start when the mark ends on the same day.
func (c *canvas) endClock(m Mark) string {
	start, end := m.Start.In(c.options.Location), m.End.In(c.options.Location)
	if start.Year() == end.Year() && start.YearDay() == end.YearDay() {
		return end.Format(time.TimeOnly)
	}
	return clock(m.End, c.options)
}

// wrap writes parts after a head, on further lines when they do not fit.
func (c *canvas) wrap(head string, parts []string, sgr string) {
	const separator = " · "
	c.paint.paint(c.buf, head, sgr)
	used := textWidth(head)
	indentation := strings.Repeat(" ", used)
	if used > c.options.Width/2 {
		indentation = "         "
	}
	empty := true // nothing stands after the head yet
	for _, part := range parts {
		part = Escape(part)
		if part == "" {
			continue
		}
		if !empty && used+textWidth(separator+part) > c.options.Width {
			c.buf.WriteString("\n" + indentation)
			used, empty = len(indentation), true
		}
		if !empty {
			c.buf.WriteString(separator)
			used += textWidth(separator)
		}
		part = cut(part, max(smallest, c.options.Width-used))
		c.buf.WriteString(part)
		used, empty = used+textWidth(part), false
	}
	c.buf.WriteByte('\n')
}

// axis writes times above the columns in which they begin.
func (c *canvas) axis() string {
	layout := axisLayout(c.Step, c.End.Sub(c.Starts[0]))
	line := []rune(strings.Repeat(" ", c.width()))
	free := 0
	for i, start := range c.Starts {
		text := []rune(start.In(c.options.Location).Format(layout))
		column := i * c.wide
		if column < free || column+len(text) > len(line) || !c.ticks(i, len(text)+1) {
			continue
		}
		copy(line[column:], text)
		free = column + len(text) + 1
	}
	return string(line)
}

func axisLayout(step, length time.Duration) string {
	switch {
	case length > 2*365*24*time.Hour:
		return "2006-01"
	case length > 36*time.Hour:
		return "01-02"
	case step < time.Minute && length < 20*time.Minute:
		return time.TimeOnly
	}
	return "15:04"
}

// tickLengths are the distances of times on the axis.
func tickLengths() []time.Duration {
	const s, m, h, d = time.Second, time.Minute, time.Hour, 24 * time.Hour
	return []time.Duration{s, 5 * s, 10 * s, 30 * s, m, 2 * m, 5 * m, 10 * m, 15 * m, 20 * m, 30 * m, h, 2 * h, 3 * h, 6 * h, 12 * h, d, 2 * d, 7 * d, 14 * d, 28 * d, 91 * d, 364 * d, 1820 * d}
}

// ticks tells whether a bucket begins a stretch of the shortest round length that leaves room for a label.
func (c *canvas) ticks(i, room int) bool {
	for _, length := range tickLengths() {
		if length%c.Step != 0 || int(length/c.Step)*c.wide < room || c.End.Sub(c.Starts[0]) > 36*time.Hour && length < 24*time.Hour {
			continue
		}
		if i == 0 {
			return c.stretch(0, length)*int64(length/time.Second) == c.localSeconds(0)
		}
		return c.stretch(i, length) != c.stretch(i-1, length)
	}
	return i == 0
}

// stretch numbers the stretches of a length, counted from midnight where we are.
func (c *canvas) stretch(i int, length time.Duration) int64 {
	return c.localSeconds(i) / int64(length/time.Second)
}

func (c *canvas) localSeconds(i int) int64 {
	local := c.Starts[i].In(c.options.Location)
	_, offset := local.Zone()
	return local.Unix() + int64(offset)
}
