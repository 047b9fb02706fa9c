package simulate

import "bytes"

// breakage is what is wrong with a record on purpose.
type breakage uint8

const (
	whole          breakage = iota
	brokenText              // a line of text instead of JSON
	brokenCut               // a response body that ends in the middle
	brokenTime              // no time
	brokenBytes             // a response body with bytes that are no UTF-8
	brokenStatus            // status 999
	brokenBinary            // bytes of some other format
	brokenNoStatus          // neither status nor error
	breakages
	brokenLarge // a very large response body; only when asked for
)

// reason is that of the dead letter; a record whose body alone is broken is none.
func (b breakage) reason() string {
	switch b {
	case brokenText, brokenBinary:
		return "not_json"
	case brokenTime:
		return "no_time"
	case brokenStatus, brokenNoStatus:
		return "bad_status"
	case whole, brokenCut, brokenBytes, brokenLarge, breakages:
	}
	return ""
}

// breaker breaks every nth record of the ordinary traffic, each in another way.
type breaker struct {
	rng   *rng
	every int // 0 = none
	seen  int
	next  breakage
	large int // bytes of the large body that is still to be written
}

func newBreaker(o Options) *breaker {
	b := &breaker{rng: newRNG(o.Seed, streamBroken), next: brokenText, large: o.LargeBody}
	if o.Malformed > 0 {
		b.every = max(1, int(1/o.Malformed+0.5))
	}
	return b
}

func (b *breaker) touch(c *call) {
	b.seen++
	switch {
	case b.large > 0 && b.seen == 10:
		b.enlarge(c)
	case b.every > 0 && b.seen%b.every == 0:
		b.breakCall(c)
	}
}

func (b *breaker) breakCall(c *call) {
	c.broken = b.next
	if b.next++; b.next == breakages {
		b.next = brokenText
	}
	switch c.broken {
	case brokenCut:
		b.failWithBody(c)
		c.form = bodyCut
	case brokenBytes:
		b.failWithBody(c)
		c.form = bodyBroken
	}
	if c.broken.reason() != "" {
		c.source = nil // nobody retries a record that nobody can read
	}
}

// failWithBody turns the call into one that failed with a body of the vendor's.
func (b *breaker) failWithBody(c *call) {
	for _, i := range b.rng.Perm(len(c.client.table)) {
		if p := c.client.table[i]; len(p.bodies) > 0 && !p.page {
			c.problem, c.body = p, p.bodies[0]
			return
		}
	}
}

func (b *breaker) enlarge(c *call) {
	b.failWithBody(c)
	text := string(c.body.appendRaw(nil, &ids{c.op}))
	c.body = compile(text + string(bytes.Repeat([]byte(" "), b.large)))
	c.broken, c.form = brokenLarge, bodyString
	b.large = 0
}

// write appends the record of a call, broken if it is to be.
func (w *writer) write(dst []byte, c *call) []byte {
	switch c.broken {
	case brokenText:
		dst = append(dst, "level=warn msg=\"upstream closed\" op="...)
		return appendHex(dst, c.op, 16)
	case brokenBinary:
		dst = append(dst, 0x08, 0x00, 0xff, 0x1f, 0x8b)
		return appendHex(dst, c.op, 16)
	case brokenTime:
		dst = w.append(dst, c)
		from := bytes.Index(dst, []byte(`,"service"`))
		return append(dst[:1], dst[from+1:]...)
	case brokenStatus:
		return w.spoilStatus(dst, c, `999`)
	case brokenNoStatus:
		return w.spoilStatus(dst, c, `null`)
	case whole, brokenCut, brokenBytes, brokenLarge, breakages:
	}
	return w.append(dst, c)
}

// spoilStatus writes a success whose status says something else.
func (w *writer) spoilStatus(dst []byte, c *call, status string) []byte {
	c.problem, c.body = nil, nil
	dst = w.append(dst, c)
	from := bytes.Index(dst, []byte(`"status":`)) + len(`"status":`)
	return append(dst[:from], append([]byte(status), dst[from+3:]...)...)
}

// cutText takes the last characters off an escaped body, never half an escape.
func cutText(dst []byte) []byte {
	dst = dst[:len(dst)-12]
	for dst[len(dst)-1] == '\\' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// breakText puts bytes that are no UTF-8 into the last string of an escaped body.
func breakText(dst []byte) []byte {
	at := bytes.LastIndex(dst, []byte(`\"`))
	tail := string(dst[at:])
	return append(append(dst[:at], 0xc3, 0x28, 0xff), tail...)
}
