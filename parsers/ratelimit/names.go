package ratelimit

import "bytes"

// Field is one response header.
type Field struct{ Name, Value []byte }

// quota is what the headers of one quota say, as they came: headers whose names differ only in the
// words for limit, remaining, reset and the like belong together.
type quota struct {
	key                           uint64
	limit, remaining, used, reset []byte
	windowS                       int64
	unit                          []byte // of time: second, minute, hour, day, month
	millis                        bool   // the reset counts milliseconds
	spoken                        bool   // a name says that this is about a quota, beyond doubt
}

const maxQuotas = 12

// quotas are those of one response.
type quotas struct {
	all [maxQuotas]quota
	n   int
}

// FromFields reads the quotas of headers that belong to no family with a name of its own, by the words
// in their names: X-Acme-Burst-Requests-Left: 5 beside X-Acme-Burst-Quota: 100. It returns the quota
// with the least remaining. One value may hold both numbers, "39/40" or "api-usage=18/5000", used
// before limit; several values are those of several windows. A limit whose name does not say that it
// is one of calls (X-Pagination-Limit) is none.
func FromFields(fields []Field, recordMS int64) (limit Limit, ok bool) {
	var q quotas
	for i := range fields {
		q.add(fields[i].Name, trim(fields[i].Value))
	}
	best := absent()
	for i := range q.all[:q.n] {
		if l := q.all[i].read(recordMS); l.stated() && (best.Remaining == Absent || l.Remaining != Absent && l.Remaining < best.Remaining) {
			best = l
		}
	}
	if best.stated() && best.Remaining != Absent {
		q.complete(&best, recordMS)
	}
	return best, best.stated()
}

// complete fills what the quota does not state from those that say nothing of what remains.
func (q *quotas) complete(l *Limit, recordMS int64) {
	for i := range q.all[:q.n] {
		other := q.all[i].read(recordMS)
		if other.Remaining != Absent {
			continue
		}
		if l.Limit == Absent && other.Limit >= l.Remaining {
			l.Limit, l.WindowS = other.Limit, max(l.WindowS, other.WindowS)
		}
		if l.ResetAt == Absent {
			l.ResetAt = other.ResetAt
		}
	}
}

// add files one header by the words in its name.
func (q *quotas) add(name, value []byte) {
	var w words
	w.read(name)
	if w.retry || len(value) == 0 {
		return
	}
	into := q.of(w.key)
	if into == nil {
		return
	}
	into.spoken = into.spoken || w.rate
	if w.windowS > 0 {
		into.windowS, into.unit = w.windowS, w.unit
	}
	part := &into.limit
	switch w.role {
	case roleReset:
		part, into.millis = &into.reset, w.millis
	case roleRemaining:
		part = &into.remaining
	case roleUsed:
		part = &into.used
	case roleWindow:
		if n, ok := parseInteger(value); ok && w.millis {
			into.windowS = n / 1000
		} else if ok {
			into.windowS = n
		}
		return
	}
	if *part == nil {
		*part = value
	}
}

// of returns the quota of the key, nil when there are too many.
func (q *quotas) of(key uint64) *quota {
	for i := range q.all[:q.n] {
		if q.all[i].key == key {
			return &q.all[i]
		}
	}
	if q.n == maxQuotas {
		return nil
	}
	q.all[q.n].key = key
	q.n++
	return &q.all[q.n-1]
}

// read turns the texts of a quota into numbers.
func (q *quota) read(recordMS int64) Limit {
	l := absent()
	if q.windowS > 0 {
		l.WindowS, l.Policy = q.windowS, q.unit
	}
	var column int
	l.Remaining, column = leastColumn(q.remaining)
	if q.limit != nil && q.spoken {
		l.readLimit(q.limit, column)
	}
	for _, field := range [...][]byte{q.used, q.limit} {
		if l.Remaining == Absent {
			column = l.readShares(field)
		}
	}
	if l.Remaining == Absent && q.used != nil && q.limit != nil {
		column = l.readColumns(q.limit, q.used)
	}
	if l.Remaining == Absent && len(q.used) > 0 && q.used[0] == '{' {
		l.readPercents(q.used, recordMS)
	}
	if l.Limit == Absent && l.Remaining == Absent && !q.spoken {
		return absent()
	}
	if n, rest, ok := parseNumber(q.reset); ok && q.millis && len(rest) == 0 && !n.isEpoch() {
		l.ResetAt = within(recordMS+n.whole, recordMS)
	} else if q.reset != nil {
		l.readReset(q.reset, column, recordMS)
	}
	return l
}

// readShares reads "39/40", or a list of such as "api-usage=18/5000", and takes the one with the least
// left. It returns its place.
func (l *Limit) readShares(field []byte) (column int) {
	for i := 0; field != nil; i++ {
		var cell []byte
		cell, field = cutCell(field)
		cell = cell[bytes.IndexByte(cell, '=')+1:]
		slash := bytes.IndexByte(cell, '/')
		if slash < 0 {
			continue
		}
		used, ok := parseInteger(cell[:slash])
		size, rest, sized := parseNumber(cell[slash+1:])
		if ok && sized && size.whole > 0 && (len(rest) == 0 || rest[0] == ';' || rest[0] == '(') {
			column = l.least(size.whole, used, i, column)
		}
	}
	return column
}

// readColumns reads "200,2000" beside a use of "210,1000", and "20:1,100:120" beside "1:1,7:120", where
// the window stands behind each number.
func (l *Limit) readColumns(limits, used []byte) (column int) {
	for i := 0; limits != nil && used != nil; i++ {
		var size, use []byte
		size, limits = cutCell(limits)
		use, used = cutCell(used)
		n, ok := parseInteger(before(size, ':'))
		u, known := parseInteger(before(use, ':'))
		if !ok || !known {
			continue
		}
		if column = l.least(n, u, i, column); column == i {
			l.windowBehind(size)
		}
	}
	return column
}

// windowBehind reads the window of "100:120".
func (l *Limit) windowBehind(size []byte) {
	if i := bytes.IndexByte(size, ':'); i >= 0 {
		if window, ok := parseInteger(size[i+1:]); ok {
			l.WindowS, l.Policy = window, nil
		}
	}
}

// least takes a size and its use when less is left of it than of the one before.
func (l *Limit) least(size, used int64, i, column int) int {
	left := max(size-used, 0)
	if l.Remaining != Absent && left >= l.Remaining {
		return column
	}
	l.Limit, l.Remaining = size, left
	return i
}

// percents are the members of Meta's x-app-usage and x-business-use-case-usage, of 100.
var percents = [...]string{`"call_count"`, `"total_time"`, `"total_cputime"`, `"acc_id_util_pct"`}

// readPercents reads how much of a quota is used up, in percent, and the minutes until it is whole again.
func (l *Limit) readPercents(object []byte, recordMS int64) {
	used := int64(Absent)
	for _, name := range percents {
		used = max(used, largest(object, name))
	}
	if used == Absent {
		return
	}
	l.Limit, l.Remaining = 100, max(100-used, 0)
	if minutes := largest(object, `"estimated_time_to_regain_access"`); minutes > 0 {
		l.ResetAt = within(recordMS+min(minutes, maxMS)*60_000, recordMS)
	}
}

// largest returns the largest number of the members of that name, or Absent.
func largest(object []byte, name string) int64 {
	most := int64(Absent)
	for {
		i := bytes.Index(object, []byte(name))
		if i < 0 {
			return most
		}
		object = bytes.TrimLeft(object[i+len(name):], ": ")
		if n, _, ok := parseNumber(object); ok {
			most = max(most, min(n.whole, maxMS))
		}
	}
}

func before(b []byte, sep byte) []byte {
	if i := bytes.IndexByte(b, sep); i >= 0 {
		return b[:i]
	}
	return b
}
