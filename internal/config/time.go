package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// layouts are the absolute forms of an instant; those without a zone are read in the zone of the user.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly}

const day = 24 * time.Hour

// ParseInstant reads a point in time: absolute, "now", or a duration ago.
func ParseInstant(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return onTheClock(t, layout, text)
		}
	}
	if ago, err := ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("cannot read %q: give 2026-11-20, \"2026-11-20 14:00\", 2026-11-20T14:00:00Z, now, or 6h for six hours ago", text)
}

// onTheClock refuses a local time that the clocks skip or show twice when summer time begins or ends. A day without
// midnight begins later.
func onTheClock(t time.Time, layout, text string) (time.Time, error) {
	switch {
	case layout == time.RFC3339:
		return t, nil
	case layout == time.DateOnly:
		for t.Format(layout) < text {
			t = t.Add(30 * time.Minute)
		}
		return t, nil
	case t.Format(layout) != text:
		return t, fmt.Errorf("the clocks of %s skip %s", t.Location(), text)
	}
	for _, shift := range []time.Duration{time.Hour, 30 * time.Minute} { // Lord Howe Island shifts by half an hour
		for _, pair := range [][2]time.Time{{t, t.Add(shift)}, {t.Add(-shift), t}} {
			if pair[0].Format(layout) == text && pair[1].Format(layout) == text {
				return t, fmt.Errorf("%s comes twice in %s: give %s or %s", text, t.Location(), pair[0].Format(time.RFC3339), pair[1].Format(time.RFC3339))
			}
		}
	}
	return t, nil
}

// ParseDuration reads a positive duration: Go's form, and whole days and weeks (7d, 2w).
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = longDuration(text)
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("cannot read %q: give a duration such as 30m, 12h, 7d or 2w", text)
	}
	return d, nil
}

func longDuration(text string) (time.Duration, error) {
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, found := strings.CutSuffix(text, unit); found {
			n, err := strconv.ParseInt(number, 10, 16)
			return time.Duration(n) * length, err
		}
	}
	return 0, strconv.ErrSyntax
}

// days is a flag that takes a duration of whole days.
type days struct{ target *int }

// Days makes a flag of target, a number of days; 0 means that it was not given.
func Days(target *int) pflag.Value { return days{target} }

func (d days) Type() string { return "duration" }

func (d days) String() string {
	if *d.target == 0 {
		return ""
	}
	return strconv.Itoa(*d.target) + "d"
}

// Set takes 14d, 2w or 336h.
func (d days) Set(text string) error {
	length, err := ParseDuration(text)
	if err != nil || length%day != 0 {
		return fmt.Errorf("want whole days, such as 14d or 26w")
	}
	*d.target = int(length / day)
	return nil
}

// interval is a flag that takes a duration of some least length.
type interval struct {
	target *time.Duration
	least  time.Duration
}

// Interval makes a flag of target, a duration in the forms of ParseDuration, not shorter than least.
func Interval(target *time.Duration, least time.Duration) pflag.Value {
	return interval{target, least}
}

func (i interval) Type() string { return "interval" }

func (i interval) String() string {
	if *i.target == 0 {
		return ""
	}
	return i.target.String()
}

// Set takes 5s, 1m or 1h.
func (i interval) Set(text string) error {
	length, err := ParseDuration(text)
	if err != nil {
		return err
	}
	if length < i.least {
		return fmt.Errorf("want %s or more", i.least)
	}
	*i.target = length
	return nil
}
