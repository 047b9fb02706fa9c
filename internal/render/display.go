package render

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// null is what people see where nothing is known.
const null = "–"

// display is a normalized value as people read it, safe for a terminal.
func display(v any, k Kind, o Options) string {
	if v == nil {
		return null
	}
	switch v := v.(type) {
	case time.Time:
		if k == Age && !o.Now.IsZero() {
			return age(o.Now.Sub(v))
		}
		return clock(v, o)
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case []string:
		return Escape(strings.Join(v, ", "))
	case []float64:
		if k == Spark {
			return spark(v)
		}
		return strings.ReplaceAll(joinFloats(v), ",", ", ")
	}
	if n, ok := toFloat(v); ok {
		return quantity(n, raw(v), k)
	}
	return Escape(raw(v))
}

// quantity shows a number by its kind; exact is the number as it is.
func quantity(n float64, exact string, k Kind) string {
	switch k {
	case Number:
		return number(n, exact)
	case Percent:
		return percent(n)
	case Change:
		return change(n)
	case Seconds:
		return duration(n * 1000)
	case Millis:
		return duration(n)
	case Bar:
		return bar(n)
	case Text, List, Time, Age, Spark, Exact:
	}
	return exact
}

// number separates thousands; fractions keep one digit, small ones two.
func number(n float64, exact string) string {
	if !strings.ContainsAny(exact, ".e") {
		return thousands(exact)
	}
	digits := 1
	if math.Abs(n) < 10 {
		digits = 2
	}
	text := strconv.FormatFloat(n, 'f', digits, 64)
	return thousands(strings.TrimRight(strings.TrimRight(text, "0"), "."))
}

// thousands puts a comma before every third digit of the whole part.
func thousands(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}

func percent(n float64) string {
	p := n * 100
	switch {
	case p != 0 && math.Abs(p) < 0.05:
		return "<0.1 %"
	case math.Abs(p) >= 99.95 || p == 0:
		return thousands(strconv.FormatFloat(p, 'f', 0, 64)) + " %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

func change(n float64) string {
	p := math.Round(n * 100)
	if p == 0 {
		return "±0 %"
	}
	text := thousands(strconv.FormatFloat(p, 'f', 0, 64)) + " %"
	if p > 0 {
		text = "+" + text
	}
	return text
}

// duration shows milliseconds in the two largest units that say something.
func duration(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	if d < 0 {
		return "-" + duration(-ms)
	}
	switch {
	case d < time.Second:
		return strconv.FormatFloat(ms, 'f', 0, 64) + "ms"
	case d < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(ms/1000, 'f', 1, 64), ".0") + "s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// age shows how long ago something was, in its largest unit.
func age(d time.Duration) string {
	if d < 0 {
		return "in " + strings.TrimSuffix(age(-d), " ago")
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return fmt.Sprintf("%dd ago", int(d.Hours())/24)
}

// clock shows a time of the day of Now as HH:MM:SS, any other with as much of its date as it takes.
func clock(t time.Time, o Options) string {
	t = t.In(o.Location)
	now := o.Now.In(o.Location)
	switch {
	case o.Now.IsZero() || t.Year() != now.Year():
		return t.Format(time.DateTime)
	case t.YearDay() != now.YearDay():
		return t.Format("01-02 15:04:05")
	}
	return t.Format(time.TimeOnly)
}

// spark draws numbers as bars. The lowest bar is 0; whatever is more stands out from it.
func spark(list []float64) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	top := 0.0
	for _, f := range list {
		top = max(top, f)
	}
	out := make([]rune, len(list))
	for i, f := range list {
		out[i] = bars[0]
		if f > 0 {
			out[i] = bars[max(1, int(math.Ceil(f/top*float64(len(bars)-1))))]
		}
	}
	return string(out)
}

// barWidth is how many columns a bar of 100 % takes.
const barWidth = 8

// bar draws a share from 0 to 1 in eighths of a column; whatever is more than 0 is seen.
func bar(share float64) string {
	eighths := int(math.Ceil(min(max(share, 0), 1) * barWidth * 8))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return text
}

// halveSpark draws bars in half the width: of two neighbours the higher stays.
func halveSpark(bars string) string {
	runes := []rune(bars)
	out := make([]rune, 0, len(runes)/2+1)
	for pair := range slices.Chunk(runes, 2) {
		out = append(out, slices.Max(pair))
	}
	return string(out)
}
