package simulate

import "strconv"

// setting is where a call is made: it decides host and the names of environment and credential.
type setting uint8

const (
	settingProduction setting = iota
	settingStaging
	settingSparse // production, logged without its optional members
	settings
)

func (s setting) environment() string {
	return [...]string{"production", "staging", ""}[s]
}

// clientText holds the parts of a record that are the same for every call of a client.
type clientText struct {
	credential [settings]string
	head       [settings]string // from "service" up to the path of the URL
	route      string           // what follows the path
	names      *[headers]string // header names in the client's form, quoted
	open, end  string           // around a header's value
}

func newClientText(c *client) clientText {
	t := clientText{names: headerNames(c.style.headers), open: `"`, end: `"`}
	if c.style.headers == headersList {
		t.open, t.end = `["`, `"]`
	}
	for s := range settings {
		t.credential[s] = c.vendor.name + "-" + c.service + map[bool]string{true: "-test", false: "-live"}[s == settingStaging]
		t.head[s] = c.head(s, t.credential[s])
	}
	t.route = `"`
	if c.style.address == addressWithRoute {
		t.route = `","route":"` + c.endpoint.route + `"`
	}
	return t
}

func (c *client) head(s setting, credential string) string {
	host := c.endpoint.host
	if s == settingStaging && c.endpoint.sandbox != "" {
		host = c.endpoint.sandbox
	}
	text := `,"service":"` + c.service + `"`
	if s != settingSparse {
		text += `,"environment":"` + s.environment() + `"`
	}
	text += `,"credential":"` + credential + `","method":"` + c.endpoint.method + `",`
	if c.style.address == addressParts {
		return text + `"host":"` + host + `","path":"`
	}
	return text + `"url":"https://` + host
}

// writer turns calls into records.
type writer struct {
	calendar calendar
	rng      *rng
}

// append appends the record of one call.
func (w *writer) append(dst []byte, c *call) []byte {
	dst = w.appendTime(append(dst, `{"time":`...), c)
	t := &c.client.text
	dst = append(dst, t.head[c.setting]...)
	dst = c.client.endpoint.path.appendRaw(dst, &ids{c.op})
	dst = append(dst, t.route...)
	dst = appendStatus(dst, c)
	dst = w.appendCircumstances(dst, c)
	dst = w.appendIdentity(dst, c)
	if p := c.problem; p != nil && p.text != "" {
		dst = append(dst, `,"error":"`...)
		dst = append(dst, p.text...)
		return append(dst, `"}`...)
	}
	dst = w.appendHeaders(dst, c)
	return append(w.appendBody(dst, c), '}')
}

func (w *writer) appendTime(dst []byte, c *call) []byte {
	switch c.client.style.time {
	case timeUnixMS:
		return strconv.AppendInt(dst, c.at, 10)
	case timeUnixS:
		dst = strconv.AppendInt(dst, c.at/1000, 10)
		return appendDigits(append(dst, '.'), uint64(c.at%1000), 3)
	case timeOffset:
		dst = w.calendar.appendISO(append(dst, '"'), c.at+3_600_000)
		return append(dst, `+01:00"`...)
	case timeMicros:
		// Below half a millisecond, so that rounding and cutting give the same millisecond.
		dst = w.calendar.appendISO(append(dst, '"'), c.at)
		return append(appendDigits(dst, c.op%500, 3), `Z"`...)
	case timeRFC3339:
	}
	dst = w.calendar.appendISO(append(dst, '"'), c.at)
	return append(dst, `Z"`...)
}

// appendStatus appends the status; where there was no response, one logger in two says 0 and the other
// nothing.
func appendStatus(dst []byte, c *call) []byte {
	status := c.status()
	if status == 0 && c.op&1 == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, `,"status":`...), int64(status), 10)
}

// appendCircumstances appends what a sparse record leaves out.
func (w *writer) appendCircumstances(dst []byte, c *call) []byte {
	if c.setting != settingSparse {
		tenths := uint64(w.rng.logNormal(c.client.endpoint.ms, 0.5) * 10)
		dst = strconv.AppendUint(append(dst, `,"duration_ms":`...), tenths/10, 10)
		dst = append(dst, '.', byte('0'+tenths%10))
		dst = append(dst, `,"request_id":"req_`...)
		dst = append(appendHex(dst, w.rng.Uint64(), 16), '"')
	}
	if c.client.style.attempt == attemptStated {
		dst = strconv.AppendInt(append(dst, `,"attempt":`...), int64(c.attempt), 10)
	}
	return dst
}

// appendIdentity appends trace id and idempotency key; all attempts of an operation share them.
func (w *writer) appendIdentity(dst []byte, c *call) []byte {
	trace := ids{mix(c.op)}
	high, low := trace.next(), trace.next()
	keyed := c.client.endpoint.keyed == byIdempotencyKey
	if c.client.style.ids == idMembers {
		dst = appendHex(appendHex(append(dst, `,"trace_id":"`...), high, 16), low, 16)
		if keyed {
			dst = appendUUID(append(dst, `","idempotency_key":"`...), low, high)
		}
		return append(dst, '"')
	}
	dst = append(dst, `,"request_headers":{"User-Agent":"acme-client/4.2","traceparent":"00-`...)
	dst = append(appendHex(appendHex(dst, high, 16), low, 16), '-')
	dst = append(appendHex(dst, w.rng.Uint64()|1, 16), "-01"...)
	if keyed {
		dst = appendUUID(append(dst, `","Idempotency-Key":"`...), low, high)
	}
	return append(dst, `"}`...)
}

func (w *writer) appendBody(dst []byte, c *call) []byte {
	b := c.body
	if b == nil {
		return dst
	}
	from := &ids{c.op + uint64(c.attempt)}
	switch c.form {
	case bodyInline:
		return b.appendRaw(append(dst, `,"response_body":`...), from)
	case bodyPacked:
		dst = append(append(dst, `,"response_body_base64":"`...), b.packed...)
		return append(dst, '"')
	case bodyCut:
		dst = b.appendEscaped(append(dst, `,"response_body":"`...), from)
		return append(cutText(dst), `","response_body_truncated":true`...)
	case bodyBroken:
		dst = b.appendEscaped(append(dst, `,"response_body":"`...), from)
		return append(breakText(dst), '"')
	case bodyString:
	}
	dst = b.appendEscaped(append(dst, `,"response_body":"`...), from)
	return append(dst, '"')
}
