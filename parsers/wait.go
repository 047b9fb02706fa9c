package parsers

import (
	"bytes"
	"math"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/ratelimit"
)

// unit says how a text tells how long to wait, or when.
type unit uint8

const (
	unitSeconds unit = iota // also a Unix time, a duration such as 1m20s, RFC 3339, an HTTP-date: the text itself tells
	unitMilliseconds
	unitMinutes
	unitProse // "Please try again in 20 seconds."
)

// unitNamed is the closed list that definitions may name; unitNames lists it for errors.
func unitNamed(name string) (unit, bool) {
	switch name {
	case "", "s", "epoch", "epoch_ms", "time", "duration":
		return unitSeconds, true
	case "ms":
		return unitMilliseconds, true
	case "min":
		return unitMinutes, true
	case "text":
		return unitProse, true
	}
	return 0, false
}

const (
	resetUnitNames = "s, ms, min, epoch, epoch_ms, time, duration"
	unitNames      = resetUnitNames + ", text"
)

// retryHint reads how long a body or header says to wait, in milliseconds, or Absent.
func (s *scratch) retryHint(root lenient.Node, sources []source) int64 {
	for i := range sources {
		if ms := s.wait(sources[i].read(s, root, exact), sources[i].unit); ms != Absent {
			return ms
		}
	}
	return Absent
}

// wait reads a wait in milliseconds, clamped to seven days, or Absent.
func (s *scratch) wait(text []byte, u unit) int64 {
	if len(text) == 0 {
		return Absent
	}
	if u == unitProse {
		return proseWait(text)
	}
	at := s.instant(text, u)
	if at == Absent {
		ms, stated := spelledDuration(text)
		if !stated {
			return Absent
		}
		return min(ms, maxRetryAfterMS)
	}
	return min(max(at-s.response.timeMS, 0), maxRetryAfterMS)
}

// waitNames are the members that say how long to wait, folded, with their units.
var waitNames = map[string]unit{
	"retryafter": unitSeconds, "retryafterseconds": unitSeconds, "retryaftersecs": unitSeconds, "retryaftersec": unitSeconds, "retryafters": unitSeconds,
	"retryin": unitSeconds, "retryinseconds": unitSeconds, "retrydelay": unitSeconds, "retrydelayseconds": unitSeconds, "retryat": unitSeconds, "retrytime": unitSeconds,
	"wait": unitSeconds, "waitseconds": unitSeconds, "waittimeseconds": unitSeconds, "secondstowait": unitSeconds, "secondsuntilreset": unitSeconds, "cooldown": unitSeconds,
	"resetat": unitSeconds, "resetsat": unitSeconds, "resetin": unitSeconds, "resetsin": unitSeconds, "resetinseconds": unitSeconds, "resetsinseconds": unitSeconds,
	"reset": unitSeconds, "resettime": unitSeconds, "ratelimitreset": unitSeconds, "ratelimitnext": unitSeconds, "availableat": unitSeconds, "availablein": unitSeconds, "nextavailableat": unitSeconds,
	"retryafterms": unitMilliseconds, "retryaftermillis": unitMilliseconds, "retryaftermilliseconds": unitMilliseconds, "retryinms": unitMilliseconds, "retrydelayms": unitMilliseconds,
	"waittime": unitMilliseconds, "waitms": unitMilliseconds, "waittimems": unitMilliseconds, "msbeforenext": unitMilliseconds, "resetinms": unitMilliseconds, "resetms": unitMilliseconds,
	"retryafterminutes": unitMinutes, "retryinminutes": unitMinutes, "estimatedtimetoregainaccess": unitMinutes,
}

// bodyWait looks for such a member in a body, in whatever format, or Absent.
func (s *scratch) bodyWait(root lenient.Node) int64 {
	budget := 64
	return s.memberWait(root, 0, &budget)
}

// memberWait looks at the members of a container, then into those that are containers.
func (s *scratch) memberWait(n lenient.Node, depth int, budget *int) int64 {
	if n.Kind() < lenient.Array {
		return Absent
	}
	for m := n.First(); m.Kind() != lenient.Absent && *budget > 0; m = m.Next() {
		*budget--
		var buf [longestName]byte
		if u, ok := waitNames[string(foldName(&buf, m.Key()))]; ok && m.Kind() < lenient.Array {
			if ms := s.wait(m.Text(), u); ms != Absent {
				return ms
			}
		}
	}
	for m := n.First(); m.Kind() != lenient.Absent && *budget > 0 && depth < 3; m = m.Next() {
		*budget--
		if ms := s.memberWait(m, depth+1, budget); ms != Absent {
			return ms
		}
	}
	return Absent
}

// instant reads when a wait is over, in Unix milliseconds, or Absent.
func (s *scratch) instant(text []byte, u unit) int64 {
	if ms := digits(text); u != unitSeconds && len(text) <= 12 && ms >= 0 {
		if u == unitMinutes {
			ms *= 60_000
		}
		return s.response.timeMS + ms
	}
	at, ok := ratelimit.Reset(text, s.response.timeMS)
	if !ok {
		return Absent
	}
	return at
}

// signsOfWaiting are the words before the wait in a sentence: "try again in 20s", "wait 5 minutes",
// "retry after 30 seconds", "available in 15 seconds".
var signsOfWaiting = [...]string{"again", "wait", "retry", "after", "available", "reset", "expires"}

// maxWaitText bounds the part of a sentence that is looked at.
const maxWaitText = 1024

// proseWait reads the wait that a sentence states, in milliseconds, or Absent.
func proseWait(sentence []byte) int64 {
	sentence = sentence[:min(len(sentence), maxWaitText)]
	from := len(sentence)
	for _, sign := range signsOfWaiting {
		if i := indexFold(sentence, sign); i >= 0 {
			from = min(from, i)
		}
	}
	for rest := sentence[from:]; ; {
		i := bytes.IndexAny(rest, "0123456789")
		if i < 0 {
			return Absent
		}
		rest = rest[i:]
		if ms, stated := spelledDuration(rest); stated {
			return min(ms, maxRetryAfterMS)
		}
		for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			rest = rest[1:]
		}
	}
}

// spelledDuration reads "20s", "1m20s", "12.5 seconds", "2 minutes and 5 seconds" at the start of text.
func spelledDuration(text []byte) (ms int64, stated bool) {
	for len(text) > 0 {
		end := 0
		for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] == '.') {
			end++
		}
		value, ok := decimal(bytes.TrimRight(text[:end], "."))
		word := bytes.TrimLeft(text[end:], " ")
		letters := 0
		for letters < len(word) && lowerByte(word[letters]) >= 'a' && lowerByte(word[letters]) <= 'z' {
			letters++
		}
		size := unitOfTime(word[:letters])
		if !ok || size == 0 || value > maxRetryAfterMS {
			break
		}
		ms += int64(value*size + 0.999)
		stated = true
		text = bytes.TrimLeft(word[letters:], " ,")
		text = bytes.TrimPrefix(text, []byte("and "))
	}
	return ms, stated
}

// unitOfTime returns the milliseconds in a unit, 0 for what is none.
func unitOfTime(word []byte) float64 {
	var folded [12]byte
	if len(word) > len(folded) {
		return 0
	}
	switch string(appendLower(folded[:0], word)) {
	case "ms", "millis", "millisecond", "milliseconds":
		return 1
	case "s", "sec", "secs", "second", "seconds":
		return 1e3
	case "m", "min", "mins", "minute", "minutes":
		return 60e3
	case "h", "hr", "hrs", "hour", "hours":
		return 3600e3
	case "d", "day", "days":
		return 86400e3
	}
	return 0
}

// indexFold finds a lower-case ASCII word in any case.
func indexFold(text []byte, word string) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if lowerByte(text[i]) == word[0] && equalFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

// decimal reads digits with an optional fraction.
func decimal(b []byte) (float64, bool) {
	whole := before(b, '.')
	if len(whole) == 0 || len(whole) > 15 || digits(whole) < 0 {
		return 0, false
	}
	value := float64(digits(whole))
	if fraction := b[len(whole):]; len(fraction) > 1 && len(fraction) < 12 {
		part := digits(fraction[1:])
		if part < 0 {
			return 0, false
		}
		value += float64(part) / math.Pow10(len(fraction)-1)
	}
	return value, true
}
