package ratelimit

import "bytes"

// Header returns the value of a response header by its lower-case name, nil when there is none.
// Several values of one name are joined by ", " (RFC 9110 section 5.3).
type Header = func(name string) []byte

// Mentions reports whether a response header of this name, in lower case, may hold a quota. A caller
// that walks over the headers anyway can spare FromHeaders for responses without any.
func Mentions(name []byte) bool {
	for _, word := range [...]string{"limit", "quota", "remaining", "-usage", "throttl"} {
		if bytes.Contains(name, []byte(word)) {
			return true
		}
	}
	return false
}

// FromHeaders returns the quota that the headers of a response state. The first dialect that states
// anything wins: RateLimit with RateLimit-Policy, the three fields of earlier drafts, X-RateLimit-*
// and X-Rate-Limit-*, the families of a unit of time or a kind of quota, and RateLimit-Policy alone.
// ok is false when none does.
//
// recordMS is the time of the response in Unix milliseconds, to which seconds left are added. For a
// response without any such header get is called 21 times; Mentions spares them.
func FromHeaders(get Header, recordMS int64) (limit Limit, ok bool) {
	policies := get("ratelimit-policy")
	if l, found := fromStructured(get("ratelimit"), policies, recordMS); found {
		return l, true
	}
	for i := range families {
		if l := families[i].read(get, recordMS); l.stated() {
			return l, true
		}
	}
	for _, group := range groups {
		if l := leastOf(get, group, recordMS); l.stated() {
			return l, true
		}
	}
	return fromPolicy(policies)
}

// fromPolicy describes a quota of which only the size is known.
func fromPolicy(policies []byte) (Limit, bool) {
	l := absent()
	policy, found := policyOf(policies, nil)
	if found {
		l.Limit, l.WindowS, l.Policy = policy.limit, policy.window, policy.name
	}
	return l, found
}

// fromStructured reads draft sections 3 and 4: the RateLimit item with the least remaining, and the
// policy that it names. Malformed fields are ignored (draft section 7).
func fromStructured(current, policies []byte, recordMS int64) (Limit, bool) {
	l := absent()
	best, found := leastItem(current)
	if !found {
		return l, false
	}
	policy, _ := policyOf(policies, best.name)
	l.Limit, l.WindowS = max(best.limit, policy.limit), max(best.window, policy.window)
	l.Remaining, l.Policy = best.remaining, best.name
	if best.resetMS != Absent {
		l.ResetAt = within(recordMS+best.resetMS, recordMS)
	}
	return l, l.stated()
}

// leastItem returns the item with the least remaining, of equals the one that resets last. The
// dictionary of draft 07, limit=100, remaining=50, reset=5, is one item.
func leastItem(field []byte) (best item, found bool) {
	best = noItem()
	l := list{rest: field}
	for it, more := l.next(); more; it, more = l.next() {
		switch {
		case it.pair != nil:
			best.merge(it)
		case it.remaining == Absent && it.resetMS == Absent:
			continue
		case !found || it.tighter(best):
			best = it
		}
		found = true
	}
	return best, found && !l.malformed
}

func (it *item) merge(pair item) {
	it.limit = max(it.limit, pair.limit)
	it.remaining = max(it.remaining, pair.remaining)
	it.resetMS = max(it.resetMS, pair.resetMS)
}

func (it item) tighter(than item) bool {
	if it.remaining != than.remaining {
		return than.remaining == Absent || it.remaining != Absent && it.remaining < than.remaining
	}
	return it.resetMS > than.resetMS
}

// policyOf returns the policy of the name; without a name, or when there is but one, the first.
func policyOf(field, name []byte) (item, bool) {
	first, n := noItem(), 0
	l := list{rest: field}
	for it, more := l.next(); more; it, more = l.next() {
		if it.limit == Absent {
			it.limit = it.value // 100;w=60, as policies had no names until draft 06
		}
		if name != nil && bytes.Equal(it.name, name) {
			first, n = it, 1
			break
		}
		if n++; n == 1 {
			first = it
		}
	}
	if l.malformed || first.limit == Absent || n > 1 && name != nil {
		return noItem(), false
	}
	return first, true
}
