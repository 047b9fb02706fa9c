package ratelimit

import "bytes"

// family names the headers of one dialect; an empty name is none.
type family struct {
	limit, remaining, used string
	reset                  string // a moment or seconds left, told apart by size
	resetAfter             string // seconds left
	policies               string // 1;w=1, 15000;w=2592000
	name                   string // whose value names the quota
	kind                   []byte // the name, when the headers' names say it
	windowS                int64  // likewise the window; 0 = they do not
}

// families are read in this order. Drafts 03 to 06 of ratelimit-headers, with the resets of Memo Bank
// (seconds left) and 360 Monitoring (Unix time); what GitHub, Discord, Envoy, Brave, Heron (Unix time)
// and Unipile (seconds left) send; Rollbar's spelling.
var families = [...]family{
	{
		limit: "ratelimit-limit", remaining: "ratelimit-remaining", reset: "ratelimit-reset",
		policies: "ratelimit-policy",
	},
	{
		limit: "x-ratelimit-limit", remaining: "x-ratelimit-remaining", used: "x-ratelimit-used",
		reset: "x-ratelimit-reset", resetAfter: "x-ratelimit-reset-after",
		policies: "x-ratelimit-policy", name: "x-ratelimit-resource",
	},
	{
		limit: "x-rate-limit-limit", remaining: "x-rate-limit-remaining", used: "x-rate-limit-used",
		reset: "x-rate-limit-reset", resetAfter: "x-rate-limit-remaining-seconds",
		policies: "x-rate-limit-policy",
	},
}

// groups are families of which the one with the least remaining counts: Kong's units of time, then
// OpenAI's, RapidAPI's and Anthropic's kinds of quota.
var groups = [...][]family{
	{
		unit("x-ratelimit-limit-second", "x-ratelimit-remaining-second", "second", 1),
		unit("x-ratelimit-limit-minute", "x-ratelimit-remaining-minute", "minute", 60),
		unit("x-ratelimit-limit-hour", "x-ratelimit-remaining-hour", "hour", 3600),
		unit("x-ratelimit-limit-day", "x-ratelimit-remaining-day", "day", 86_400),
		unit("x-ratelimit-limit-month", "x-ratelimit-remaining-month", "month", 2_592_000),
	},
	{
		of("requests", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
		of("tokens", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
	},
	{of("requests", "x-ratelimit-requests-limit", "x-ratelimit-requests-remaining", "x-ratelimit-requests-reset")},
	{
		of("requests", "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
		of("tokens", "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
	},
}

func unit(limit, remaining, kind string, windowS int64) family {
	return family{limit: limit, remaining: remaining, kind: []byte(kind), windowS: windowS}
}

func of(kind, limit, remaining, reset string) family {
	return family{limit: limit, remaining: remaining, reset: reset, kind: []byte(kind)}
}

// leastOf reads those families of the group that state what remains.
func leastOf(get Header, group []family, recordMS int64) Limit {
	best := absent()
	for i := range group {
		if get(group[i].remaining) == nil {
			continue
		}
		l := group[i].read(get, recordMS)
		if l.Remaining == Absent {
			continue
		}
		if best.Remaining == Absent || l.Remaining < best.Remaining || l.Remaining == best.Remaining && l.ends() > best.ends() {
			best = l
		}
	}
	return best
}

// ends orders quotas by how long they hold.
func (l Limit) ends() int64 { return max(l.ResetAt, l.WindowS) }

// read reads one family with three calls of get, more when one of its headers is there.
func (f *family) read(get Header, recordMS int64) Limit {
	remaining, limit, reset := get(f.remaining), get(f.limit), value(get, f.reset)
	l := absent()
	if remaining == nil && limit == nil && reset == nil {
		return l
	}
	l.Policy = f.kind
	if f.windowS > 0 {
		l.WindowS = f.windowS
	}
	var column int
	l.Remaining, column = leastColumn(remaining)
	l.readLimit(limit, column)
	l.readWindow(value(get, f.policies))
	l.readReset(reset, column, recordMS)
	if l.ResetAt == Absent {
		l.readResetAfter(value(get, f.resetAfter), recordMS)
	}
	if l.Remaining == Absent && l.Limit != Absent {
		l.readUsed(value(get, f.used))
	}
	if l.Policy == nil {
		l.Policy = trim(value(get, f.name))
	}
	return l
}

func value(get Header, name string) []byte {
	if name == "" {
		return nil
	}
	return get(name)
}

// leastColumn returns the least number of a list and its place: "0, 14523" are the remaining calls of
// a second and of a month, and the other headers of the family have the same order.
func leastColumn(field []byte) (least int64, column int) {
	least = Absent
	for i := 0; field != nil; i++ {
		var cell []byte
		cell, field = cutCell(field)
		if n, ok := parseInteger(cell); ok && (least == Absent || n < least) {
			least, column = n, i
		}
	}
	return least, column
}

// cutCell returns what is before the first comma, and what is behind it, nil at the end.
func cutCell(field []byte) (cell, rest []byte) {
	if i := bytes.IndexByte(field, ','); i >= 0 {
		return field[:i], field[i+1:]
	}
	return field, nil
}

// readLimit reads "100", the policy list of drafts 03 to 05, "100, 100;w=60, 1000;w=3600", or a list
// of plain limits, of which it takes the column.
func (l *Limit) readLimit(field []byte, column int) {
	fields, first, inColumn, policies := list{rest: field}, int64(Absent), int64(Absent), false
	for i := 0; ; i++ {
		it, more := fields.next()
		if !more {
			break
		}
		if i == 0 {
			first = it.value
		}
		if i == column {
			inColumn = it.value
		}
		policies = policies || it.window != Absent
	}
	switch {
	case fields.malformed:
	case policies || inColumn == Absent:
		l.Limit = first
		l.readWindow(field)
	default:
		l.Limit = inColumn
	}
}

// readWindow takes the window and the name of the policy of this limit, else of the first one.
func (l *Limit) readWindow(field []byte) {
	if l.WindowS != Absent {
		return
	}
	fields, best := list{rest: field}, noItem()
	for it, more := fields.next(); more; it, more = fields.next() {
		if it.window == Absent {
			continue
		}
		size := max(it.value, it.limit)
		if best.window == Absent || size == l.Limit && max(best.value, best.limit) != l.Limit {
			best = it
		}
	}
	if fields.malformed || best.window == Absent {
		return
	}
	l.WindowS = best.window
	if best.name != nil {
		l.Policy = best.name
	}
}

// readReset reads a reset, or the column of a list of them. A date has a comma of its own.
func (l *Limit) readReset(field []byte, column int, recordMS int64) {
	if at, ok := parseReset(field, recordMS); ok {
		l.ResetAt = at
		return
	}
	for i := 0; field != nil; i++ {
		var cell []byte
		cell, field = cutCell(field)
		if i == column {
			l.ResetAt, _ = parseReset(cell, recordMS)
			return
		}
	}
}

func (l *Limit) readResetAfter(field []byte, recordMS int64) {
	if n, rest, ok := parseNumber(trim(field)); ok && len(rest) == 0 {
		l.ResetAt = within(recordMS+n.ms(), recordMS)
	}
}

func (l *Limit) readUsed(field []byte) {
	if used, ok := parseInteger(field); ok {
		l.Remaining = max(0, l.Limit-used)
	}
}
