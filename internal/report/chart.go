package report

import (
	"bytes"
	"fmt"
	"image/color"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Timeline is the errors of each code over time.
type Timeline struct {
	Start  time.Time
	Step   time.Duration
	Series []Series
	Bands  []Band
}

// Series is one code; the last one can be all others.
type Series struct {
	Name   string
	Counts []uint64 // by bucket
}

// Band marks a stretch of time in which calls were throttled.
type Band struct{ Start, End time.Time }

// palette is that of Okabe and Ito, which people who see few colours can tell apart. The page's style sheet has the
// same colours, and others for the dark, under --c0, --c1 and so on.
var palette = []color.RGBA{
	{0xd5, 0x5e, 0x00, 0xff},
	{0x00, 0x72, 0xb2, 0xff},
	{0x00, 0x9e, 0x73, 0xff},
	{0xe6, 0x9f, 0x00, 0xff},
	{0xcc, 0x79, 0xa7, 0xff},
	{0x56, 0xb4, 0xe9, 0xff},
	{0x88, 0x88, 0x88, 0xff},
}

// ink and wash are colours that stand for the page's own: lines and texts, and what marks a stretch of time.
var (
	ink  = color.RGBA{0x01, 0x02, 0x03, 0xff}
	wash = color.RGBA{0x04, 0x05, 0x06, 0xff}
)

const (
	chartWidth  = 26 * vg.Centimeter
	chartHeight = 8 * vg.Centimeter
)

// svg draws the chart as an element to stand within a page. It holds numbers and times, no text of a vendor: the legend
// is the page's.
func (t Timeline) svg() (string, error) {
	if len(t.Series) == 0 {
		return "", nil
	}
	p := plot.New()
	p.BackgroundColor = nil // the page's
	t.axes(p)
	for _, b := range t.Bands {
		p.Add(band{b})
	}
	if err := t.bars(p); err != nil {
		return "", err
	}
	canvas := vgsvg.New(chartWidth, chartHeight)
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", fmt.Errorf("write: %w", err)
	}
	return pageElement(b.String()), nil
}

func (t Timeline) axes(p *plot.Plot) {
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color, axis.Tick.Label.Color, axis.Label.TextStyle.Color = ink, ink, ink, ink
		axis.Tick.Label.Font.Variant, axis.Label.TextStyle.Font.Variant = "Sans", "Sans"
	}
	p.Y.Label.Text = "errors per " + Duration(t.Step)
	p.Y.Min = 0
	p.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	p.X.Tick.Marker = plot.TickerFunc(timeTicks)
	p.X.Min = float64(t.Start.Unix())
	p.X.Max = float64(t.Start.Add(time.Duration(len(t.Series[0].Counts)) * t.Step).Unix())
}

// bars stacks the series: each is a polygon between the sum below it and its own.
func (t Timeline) bars(p *plot.Plot) error {
	below := make([]float64, len(t.Series[0].Counts))
	for i, s := range t.Series {
		for bucket, n := range s.Counts {
			if n == 0 {
				continue
			}
			left := float64(t.Start.Add(time.Duration(bucket) * t.Step).Unix())
			right := left + 0.9*t.Step.Seconds()
			low, high := below[bucket], below[bucket]+float64(n)
			below[bucket] = high
			bar, err := plotter.NewPolygon(plotter.XYs{{X: left, Y: low}, {X: left, Y: high}, {X: right, Y: high}, {X: right, Y: low}})
			if err != nil {
				return fmt.Errorf("bar: %w", err)
			}
			bar.Color = palette[i%len(palette)]
			bar.Width = 0
			p.Add(bar)
		}
	}
	return nil
}

// band is a stretch of time from the bottom to the top of the chart.
type band struct{ Band }

// Plot implements plot.Plotter.
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	from, to := max(x(float64(b.Start.Unix())), c.Min.X), min(x(float64(b.End.Unix())), c.Max.X)
	if to = max(to, from+vg.Points(1)); from < c.Max.X {
		c.FillPolygon(wash, []vg.Point{{X: from, Y: c.Min.Y}, {X: to, Y: c.Min.Y}, {X: to, Y: c.Max.Y}, {X: from, Y: c.Max.Y}})
	}
}

// wholeTicks are the usual ones that are whole numbers.
func wholeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, tick := range (plot.DefaultTicks{}).Ticks(low, max(high, low+1)) {
		if tick.Value != float64(int64(tick.Value)) {
			continue
		}
		if tick.Label != "" {
			tick.Label = count(uint64(tick.Value))
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// timeTicks stand at round times in UTC, at most ten of them.
func timeTicks(low, high float64) []plot.Tick {
	steps := []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	step := steps[0]
	for _, step = range steps {
		if (high-low)/step.Seconds() <= 10 {
			break
		}
	}
	for (high-low)/step.Seconds() > 10 {
		step *= 2
	}
	layout := "15:04"
	switch {
	case step >= 24*time.Hour:
		layout = "01-02"
	case step >= 3*time.Hour:
		layout = "01-02 15:04"
	case step < time.Minute:
		layout = "15:04:05"
	}
	var ticks []plot.Tick
	for at := time.Unix(int64(low), 0).UTC().Truncate(step); float64(at.Unix()) <= high; at = at.Add(step) {
		if float64(at.Unix()) >= low {
			ticks = append(ticks, plot.Tick{Value: float64(at.Unix()), Label: at.Format(layout)})
		}
	}
	return ticks
}

// pageElement leaves out what belongs to a file of its own, and lets the page's style sheet choose the colours.
func pageElement(svg string) string {
	if start := strings.Index(svg, "<svg"); start > 0 {
		svg = svg[start:]
	}
	width, height := strconv.FormatFloat(chartWidth.Points(), 'f', -1, 64), strconv.FormatFloat(chartHeight.Points(), 'f', -1, 64)
	_, rest, _ := strings.Cut(svg, ">")
	pairs := []string{hex(ink), "var(--ink)", hex(wash), "var(--wash)"}
	for i, c := range palette {
		pairs = append(pairs, hex(c), "var(--c"+strconv.Itoa(i)+")")
	}
	return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="chart-title" viewBox="0 0 ` + width + ` ` + height + `">` +
		strings.NewReplacer(pairs...).Replace(rest)
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
