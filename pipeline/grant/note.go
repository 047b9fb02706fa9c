package grant

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Note is what is committed beside an offset.
type Note struct {
	Last  Mark  // the record before the committed offset
	Grant Grant // beginning at the committed offset, when Open
	Open  bool
}

// ErrVersion says that a note was written by a newer errata, whose grants this one cannot resolve.
var ErrVersion = errors.New("the committed offset carries a note of a newer version of errata")

// errNote says that a note is none of those that this package writes.
var errNote = errors.New("the committed offset carries a damaged note")

const (
	noteMark    = "errata/"
	noteVersion = "1"
)

// String is the note as committed: a version, then key=value fields, the insert id last because it may
// hold anything. About 150 bytes; brokers accept 4096 (offset.metadata.max.bytes).
func (n Note) String() string {
	var b strings.Builder
	b.WriteString(noteMark + noteVersion)
	if n.Last.Known {
		fmt.Fprintf(&b, " last=%s", n.Last.text())
	}
	if !n.Open {
		return b.String()
	}
	g := n.Grant
	fmt.Fprintf(&b, " start=%d end=%d count=%d day=%d attempt=%d deadline=%d", g.Start, g.End, g.Count, g.Day, g.Attempt, g.Deadline)
	if g.Last.Known {
		fmt.Fprintf(&b, " newest=%s", g.Last.text())
	}
	fmt.Fprintf(&b, " insert=%s", g.Insert)
	return b.String()
}

func (m Mark) text() string { return fmt.Sprintf("%d/%08x", m.Offset, m.Checksum) }

// IsNote reports whether a committed metadata string was written by errata, of whatever version.
func IsNote(text string) bool { return strings.HasPrefix(text, noteMark) }

// ParseNote reads a committed metadata string. Text that does not begin with errata's mark, as the tools
// that move offsets by hand leave it, is an empty note. Fields that it does not know are passed over, so
// that a later version may add some; one that changes the meaning of a grant takes a new version, and is
// refused with ErrVersion.
func ParseNote(text string) (Note, error) {
	rest, ours := strings.CutPrefix(text, noteMark)
	if !ours {
		return Note{}, nil
	}
	version, rest, _ := strings.Cut(rest, " ")
	if version != noteVersion {
		return Note{}, fmt.Errorf("%w (%q): upgrade this ingester, or let the newer one finish", ErrVersion, noteMark+version)
	}
	n, err := parseFields(rest)
	if err != nil {
		return Note{}, fmt.Errorf("%w: %w: %q", errNote, err, text)
	}
	return n, nil
}

// grantFields are those that a note with a grant has, all of them, and one without has none of.
var grantFields = []string{"start", "end", "count", "day", "attempt", "deadline"}

func parseFields(rest string) (Note, error) {
	var n Note
	given := map[string]bool{}
	for rest != "" {
		key, value, found := strings.Cut(rest, "=")
		if !found {
			return Note{}, fmt.Errorf("field %q has no value", rest)
		}
		if key == "insert" {
			n.Grant.Insert, n.Open = value, true
			break
		}
		value, rest, _ = strings.Cut(value, " ")
		if err := n.set(key, value); err != nil {
			return Note{}, fmt.Errorf("field %q: %w", key, err)
		}
		given[key] = true
	}
	for _, key := range grantFields {
		if given[key] != n.Open {
			return Note{}, fmt.Errorf("half of a grant: %s is there: %t, the insert id: %t", key, given[key], n.Open)
		}
	}
	return n, n.check()
}

func (n *Note) set(key, value string) (err error) {
	g := &n.Grant
	numbers := map[string]*int64{
		"start": &g.Start, "end": &g.End, "count": &g.Count, "day": &g.Day, "deadline": &g.Deadline,
	}
	switch number, ok := numbers[key]; {
	case ok:
		*number, err = strconv.ParseInt(value, 10, 64)
	case key == "attempt":
		g.Attempt, err = strconv.Atoi(value)
	case key == "last":
		n.Last, err = parseMark(value)
	case key == "newest":
		g.Last, err = parseMark(value)
	}
	return err
}

func parseMark(text string) (Mark, error) {
	offset, checksum, _ := strings.Cut(text, "/")
	at, err := strconv.ParseInt(offset, 10, 64)
	if err != nil {
		return Mark{}, err //nolint:wrapcheck // the caller names the field
	}
	sum, err := strconv.ParseUint(checksum, 16, 32)
	if err != nil {
		return Mark{}, err //nolint:wrapcheck // likewise
	}
	return Mark{Offset: at, Checksum: uint32(sum), Known: true}, nil
}

// check refuses a grant that nobody can have given.
func (n Note) check() error {
	g := n.Grant
	switch {
	case !n.Open:
		return nil
	case g.Start < 0 || g.End <= g.Start:
		return fmt.Errorf("the range [%d, %d) is empty", g.Start, g.End)
	case g.Count <= 0 || g.Count > g.End-g.Start:
		return fmt.Errorf("%d records do not fit into [%d, %d)", g.Count, g.Start, g.End)
	case g.Deadline <= 0 || g.Insert == "":
		return errors.New("deadline or insert id is missing")
	}
	return nil
}
