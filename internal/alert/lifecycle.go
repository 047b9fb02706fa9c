package alert

import "time"

// State is where an alert stands.
type State string

// The states. An alert that is resolved is told once more and then inactive.
const (
	Inactive State = "inactive"
	Pending  State = "pending"
	Firing   State = "firing"
	Resolved State = "resolved"
)

// Minute is a minute of UTC, counted from 1970. Minutes know no time zone, so no daylight saving either.
type Minute int64

// MinuteOf returns the minute that holds t.
func MinuteOf(t time.Time) Minute { return Minute(t.Unix() / 60) }

// Time is the start of the minute.
func (m Minute) Time() time.Time { return time.Unix(int64(m)*60, 0).UTC() }

// Verdict says what is known of a condition in one minute.
type Verdict uint8

// The verdicts. A minute is unknown when nothing was ingested then, or when its rows may still be on their
// way: an alert stays what it was.
const (
	Unknown Verdict = iota
	Holds
	Fails
)

// Track is the condition of one alert over consecutive minutes, the first of which is From.
type Track struct {
	From     Minute
	Verdicts []Verdict
}

// At returns the verdict on a minute, Unknown outside the track.
func (t Track) At(m Minute) Verdict {
	if i := int(m - t.From); i >= 0 && i < len(t.Verdicts) {
		return t.Verdicts[i]
	}
	return Unknown
}

// Episode is one life of an alert, from the first minute in which its condition held.
type Episode struct {
	Since    time.Time // start of the first minute in which the condition held
	Fired    time.Time // zero = still pending, or ended before it fired
	LastHeld time.Time // end of the last minute in which the condition held
	Resolved time.Time // zero = has not ended; of an episode that never fired, when it ended
}

// State of the episode.
func (e Episode) State() State {
	switch {
	case e.Fired.IsZero() && e.Resolved.IsZero():
		return Pending
	case e.Fired.IsZero():
		return Inactive
	case e.Resolved.IsZero():
		return Firing
	default:
		return Resolved
	}
}

// Lifecycle walks a track and returns the alert's lives, the oldest first. It is the one state machine: a
// check, a running evaluation and a backtest differ only in the track.
//
// The condition holds in a minute when it does in N of the M known minutes up to it. It must go on holding
// for For before the alert fires, and the alert fires until KeepFiringFor after it held last.
func Lifecycle(t Track, r *Rule) []Episode {
	w := walk{rule: r}
	for i, verdict := range t.Verdicts {
		if verdict != Unknown {
			w.step(t.From+Minute(i), verdict == Holds)
		}
	}
	return w.episodes
}

// walk is the state machine under way. The open episode, if any, is the last one.
type walk struct {
	rule     *Rule
	recent   []bool   // the last M known minutes
	minutes  []Minute // and which they are
	open     bool
	episodes []Episode
}

func (w *walk) step(m Minute, holds bool) {
	w.remember(m, holds)
	start, end := m.Time(), (m + 1).Time()
	since, met := w.datapoints()
	switch {
	case met && !w.open:
		w.open = true
		w.episodes = append(w.episodes, Episode{Since: since.Time(), LastHeld: end})
	case met:
		w.last().LastHeld = end
	case w.open && w.last().Fired.IsZero():
		w.end(start)
	case w.open && !start.Before(w.last().LastHeld.Add(w.rule.KeepFiringFor)):
		w.end(w.last().LastHeld.Add(w.rule.KeepFiringFor))
	}
	if w.open && met && w.last().Fired.IsZero() && !end.Before(w.last().Since.Add(w.rule.For)) {
		w.last().Fired = end
	}
}

func (w *walk) last() *Episode { return &w.episodes[len(w.episodes)-1] }

func (w *walk) end(at time.Time) {
	w.last().Resolved = at
	w.open = false
}

// remember keeps the last M known minutes. Minutes further apart than M are no longer together.
func (w *walk) remember(m Minute, holds bool) {
	w.recent, w.minutes = append(w.recent, holds), append(w.minutes, m)
	for len(w.minutes) > w.rule.Datapoints.M {
		w.recent, w.minutes = w.recent[1:], w.minutes[1:]
	}
}

// datapoints tells whether N of the last M known minutes hold, and the first of them.
func (w *walk) datapoints() (first Minute, met bool) {
	n := 0
	for i, holds := range w.recent {
		if !holds {
			continue
		}
		if n == 0 {
			first = w.minutes[i]
		}
		n++
	}
	return first, n >= w.rule.Datapoints.N
}
