package alert

import (
	"slices"
	"strings"
	"time"

	"github.com/errata-dev/errata/storage"
)

// span is the stretch of minutes that an evaluation walks.
type span struct {
	from, to Minute    // [from, to)
	now      time.Time // in the last minute
	// complete is the first minute whose rows may still be on their way.
	complete Minute
	// observed are the minutes in which any record has its time; in the others nothing was ingested.
	observed map[Minute]bool
}

func (s span) minutes() int { return int(s.to - s.from) }

// listened tells whether most minutes of the window that ends with m have records of anybody. Where nothing at all was
// recorded, it is likelier that nobody wrote or ingested records than that all vendors fell silent at once.
func (s span) listened(m Minute, window int) bool {
	seen := 0
	for i := range window {
		if s.observed[m-Minute(i)] {
			seen++
		}
	}
	return 2*seen > window
}

// judged is the verdict on a minute of which holds is all that is known now. More rows add to a count of errors; so one
// that is enough already counts before the minute is complete.
func (s span) judged(m Minute, holds bool) Verdict {
	switch {
	case holds:
		return Holds
	case m >= s.complete || !s.observed[m]:
		return Unknown
	default:
		return Fails
	}
}

// settled is the verdict on a minute whose condition can still turn either way while rows arrive.
func (s span) settled(m Minute, holds bool) Verdict {
	if m >= s.complete {
		return Unknown
	}
	return s.judged(m, holds)
}

// subject is one thing that a rule watches: the values of the rule's By, and its track.
type subject struct {
	values   []string // by storage.AlertColumns or the columns of the rule's kind, as in Rule.By
	track    Track
	findings []finding
}

// finding is an answer's row that makes a condition hold.
type finding struct {
	from, to time.Time         // [from, to)
	is       map[string]string // what it is about, by column
	count    uint64
	expected float64 // of count; 0 = not known
	weakens  bool    // more rows can take it back: it says nothing of minutes that are not complete
}

// values are those of the columns by; a column that the finding does not have is "".
func (f finding) values(by []string) []string {
	values := make([]string, 0, len(by))
	for _, name := range by {
		values = append(values, f.is[name])
	}
	return values
}

// series are the counts of one group, a value a minute.
type series struct {
	values                      []string
	responses, errors, unparsed []uint64
}

// spread sorts counts by group onto the minutes [from, to).
func spread(counts []storage.MinuteCount, by []string, from, to Minute) []*series {
	groups := map[string]*series{}
	for _, c := range counts {
		i := int(Minute(c.Minute) - from)
		if i < 0 || i >= int(to-from) {
			continue
		}
		key := strings.Join(c.Key, "\x00")
		s := groups[key]
		if s == nil {
			n := int(to - from)
			s = &series{values: chosen(c.Key, by), responses: make([]uint64, n), errors: make([]uint64, n), unparsed: make([]uint64, n)}
			groups[key] = s
		}
		s.responses[i] += c.Responses
		s.errors[i] += c.Errors
		s.unparsed[i] += c.Unparsed
	}
	list := make([]*series, 0, len(groups))
	for _, s := range groups {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *series) int { return slices.Compare(a.values, b.values) })
	return list
}

// chosen picks the values of by out of a key in the order of storage.AlertColumns.
func chosen(key, by []string) []string {
	values := make([]string, 0, len(by))
	for _, name := range by {
		values = append(values, key[slices.Index(storage.AlertColumns(), name)])
	}
	return values
}

// windows sums counts over the window that ends with each minute.
func windows(counts []uint64, window int) []uint64 {
	sums := make([]uint64, len(counts))
	var sum uint64
	for i, n := range counts {
		sum += n
		if i >= window {
			sum -= counts[i-window]
		}
		sums[i] = sum
	}
	return sums
}
