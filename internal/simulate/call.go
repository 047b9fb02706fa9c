package simulate

// call is one attempt of one operation: one record.
type call struct {
	at       int64 // Unix ms
	sequence uint64
	client   *client
	op       uint64 // seed of the operation's ids; attempts of one operation share it
	attempt  int    // 1 = the first
	setting  setting
	problem  *problem // nil: success
	source   source   // hears when the record is out; nil = nobody

	body        *template
	form        bodyForm
	retryAfterS int64 // -1 = not stated
	quota       quota
	broken      breakage
}

// source is where calls come from. It is told of each of its records once that is written, and
// schedules what follows from it.
type source interface {
	emitted(g *Generator, c *call)
}

// bodyForm is how the body stands in the record.
type bodyForm uint8

const (
	bodyString bodyForm = iota
	bodyInline          // as a JSON value
	bodyPacked          // gzip and base64
	bodyCut             // ends in the middle
	bodyBroken          // with bytes that are no UTF-8
)

// newCall prepares the attempt of an operation; its answer is not decided yet.
func newCall(at int64, c *client, op uint64, attempt int) call {
	return call{at: at, client: c, op: op, attempt: attempt, retryAfterS: -1}
}

func (c *call) status() int {
	if c.problem != nil {
		return c.problem.status
	}
	return c.client.endpoint.status
}

func (c *call) contentType() string {
	switch {
	case c.problem == nil:
		return "application/json"
	case c.problem.page:
		return "text/html"
	}
	return c.client.vendor.errorType
}

// answer decides the body and how it is logged.
func (c *call) answer(r *rng) {
	if c.problem == nil {
		c.body = c.client.endpoint.body
		if r.chance(0.6) {
			c.body = nil // most loggers keep the bodies of errors only
		}
	} else if n := len(c.problem.bodies); n > 0 {
		c.body = c.problem.bodies[r.IntN(n)]
	}
	if c.body == nil {
		return
	}
	switch x := r.Float64(); {
	case x < 0.04 && c.body.json:
		c.form = bodyInline
	case x < 0.06 && c.body.packed != "":
		c.form = bodyPacked
	}
}

// calls is a heap of calls, earliest first; equal times keep the order in which they came.
type calls []call

func (h *calls) push(c call) {
	*h = append(*h, c)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s[i].before(&s[parent]) {
			return
		}
		s[i], s[parent] = s[parent], s[i]
		i = parent
	}
}

func (h *calls) pop() call {
	s := *h
	first := s[0]
	last := len(s) - 1
	s[0] = s[last]
	s[last] = call{}
	*h = s[:last]
	h.sink()
	return first
}

func (h *calls) sink() {
	s := *h
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s); child++ {
			if s[child].before(&s[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}

func (c *call) before(other *call) bool {
	return c.at < other.at || c.at == other.at && c.sequence < other.sequence
}
