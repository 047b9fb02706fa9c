package ratelimit

import "bytes"

// role is what a header says of its quota.
type role uint8

const (
	roleLimit role = iota
	roleRemaining
	roleUsed
	roleReset
	roleWindow
)

// words are what the words in a header's name say.
type words struct {
	role    role
	key     uint64 // of all words that name the quota itself
	rate    bool   // it speaks of a quota of calls
	retry   bool   // of a wait, which is no quota
	millis  bool
	windowS int64
	unit    []byte
}

// roleWords are parts of a word of a name. The first that a name has says its role.
var roleWords = [...]struct {
	text string
	role role
}{
	{"reset", roleReset},
	{"renew", roleReset},
	{"remain", roleRemaining},
	{"left", roleRemaining},
	{"avail", roleRemaining},
	{"interval", roleWindow},
	{"window", roleWindow},
	{"period", roleWindow},
	{"usage", roleUsed},
	{"used", roleUsed},
	{"count", roleUsed},
	{"observed", roleUsed},
	{"consumed", roleUsed},
}

// rateWords are in the names of headers that can only speak of quotas of calls.
var rateWords = [...]string{"ratelimit", "rate-limit", "rate_limit", "quota", "call-limit", "calllimit", "limit-info", "burstlimit", "throttl", "app-usage", "case-usage", "limit-per", "apilimit", "api-limit", "requests-limit"}

// units are words for a window.
var units = [...]struct {
	words   [4]string
	windowS int64
	unit    []byte
}{
	{[4]string{"second", "secondly", "sec"}, 1, []byte("second")},
	{[4]string{"minute", "minutely", "min", "minly"}, 60, []byte("minute")},
	{[4]string{"hour", "hourly"}, 3600, []byte("hour")},
	{[4]string{"day", "daily", "today"}, 86_400, []byte("day")},
	{[4]string{"month", "monthly"}, 2_592_000, []byte("month")},
}

// fillers name no quota, alone or as an end of another word.
var fillers = [...]string{
	"limits", "limit", "rate", "resets", "reset", "remaining", "remain", "available", "left", "interval", "window", "period", "usage", "used", "observed", "consumed", "count",
	"x", "http", "total", "quota", "max", "allowed", "milliseconds", "millis", "ms", "seconds", "time", "after", "at", "in", "utc", "epoch", "per", "this", "current", "info",
}

// longestName bounds the names that are looked at.
const longestName = 64

// read takes the name of a header apart.
func (w *words) read(name []byte) {
	var buf [longestName]byte
	folded := buf[:copy(buf[:], name)]
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c | 0x20
		}
	}
	w.rate = containsAny(folded, rateWords[:])
	w.retry = bytes.Contains(folded, []byte("retry"))
	w.role = roleOf(folded)
	w.key = 14695981039346656037 // FNV-1a
	for len(folded) > 0 {
		i := 0
		for i < len(folded) && 'a' <= folded[i] && folded[i] <= 'z' {
			i++
		}
		w.word(folded[:i])
		folded = folded[min(i+1, len(folded)):]
	}
}

// word notes one word of a name.
func (w *words) word(word []byte) {
	switch string(word) {
	case "ms", "millis", "milliseconds":
		w.millis = true
	}
	for again := true; again && len(word) > 0; {
		again = false
		for _, filler := range fillers {
			if bytes.HasSuffix(word, []byte(filler)) && (len(filler) > 2 || len(filler) == len(word)) {
				word, again = word[:len(word)-len(filler)], true
				break
			}
		}
	}
	for i := range units {
		for _, unit := range units[i].words {
			if unit != "" && string(word) == unit {
				w.windowS, w.unit = units[i].windowS, units[i].unit
				word = units[i].unit
			}
		}
	}
	for _, c := range word {
		w.key = (w.key ^ uint64(c)) * 1099511628211
	}
}

func roleOf(name []byte) role {
	for i := range roleWords {
		if bytes.Contains(name, []byte(roleWords[i].text)) {
			return roleWords[i].role
		}
	}
	return roleLimit
}

func containsAny(text []byte, words []string) bool {
	for _, word := range words {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}
