package traffic

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Append writes the record of the call.
func (c *Call) Append(dst []byte) []byte {
	dst = fmt.Appendf(dst, `{"time":%d,"vendor":%q,"service":%q,"environment":%q,"method":%q,"url":"https://%s%s"`,
		c.At, c.Vendor, c.Service, c.Environment, c.Method, c.Host, c.Path)
	if c.Credential != "" {
		dst = fmt.Appendf(dst, `,"credential":%q`, c.Credential)
	}
	dst = fmt.Appendf(dst, `,"route":%q,"duration_ms":%d`, c.Route, c.Duration)
	if c.StatesAttempt {
		dst = fmt.Appendf(dst, `,"attempt":%d`, c.Attempt)
	}
	dst = c.appendID(dst)
	if c.Failure == nil {
		dst = append(dst, `,"status":200`...)
	} else if c.Failure.Text != "" {
		return append(strconv.AppendQuote(append(dst, `,"error":`...), c.Failure.Text), '}')
	} else {
		dst = fmt.Appendf(dst, `,"status":%d`, c.Failure.Status)
	}
	headers, body := c.headers()
	dst = append(append(dst, `,"response_headers":{`...), strings.Join(headers, ",")...)
	dst = append(dst, '}')
	if body != "" {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err) // a string always has a JSON form
		}
		dst = append(append(dst, `,"response_body":`...), text...)
	}
	return append(dst, '}')
}

func (c *Call) appendID(dst []byte) []byte {
	switch c.Key {
	case KeyIdempotency:
		return fmt.Appendf(dst, `,"idempotency_key":%q`, c.ID)
	case KeyIdempotencyHeader:
		return fmt.Appendf(dst, `,"request_headers":{"Idempotency-Key":%q}`, c.ID)
	case KeyTrace:
		return fmt.Appendf(dst, `,"trace_id":%q`, c.ID)
	case KeyTraceHeader:
		return fmt.Appendf(dst, `,"request_headers":{"traceparent":"00-%s-00f067aa0ba902b7-01"}`, c.ID)
	case KeyNone:
	}
	return dst
}

func (c *Call) headers() (list []string, body string) {
	add := func(name, value string) { list = append(list, strconv.Quote(name)+":"+strconv.Quote(value)) }
	add("Date", time.UnixMilli(c.At).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	if c.Failure != nil {
		add("Content-Type", c.Failure.ContentType)
		body = c.Failure.Body
	}
	q := c.Quota
	if q == nil {
		q = &Quota{Dialect: DialectSeconds}
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	switch q.Dialect {
	case DialectX, DialectXEpoch:
		reset := q.ResetS
		if q.Dialect == DialectXEpoch {
			reset += c.At / 1000
		}
		add("X-RateLimit-Limit", n(q.Limit))
		add("X-RateLimit-Remaining", n(q.Remaining))
		add("X-RateLimit-Reset", n(reset))
	case DialectDraft:
		add("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, q.Policy, q.Limit, q.WindowS))
		add("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, q.Policy, q.Remaining, q.ResetS))
	case DialectThree:
		add("RateLimit-Limit", fmt.Sprintf("%d, %d;w=%d", q.Limit, q.Limit, q.WindowS))
		add("RateLimit-Remaining", n(q.Remaining))
		add("RateLimit-Reset", n(q.ResetS))
	case DialectDate:
		if c.WaitMS >= 0 {
			add("Retry-After", time.UnixMilli(c.At/1000*1000+c.WaitMS).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
		}
	case DialectBody:
		if c.Failure != nil && c.WaitMS >= 0 {
			body = fmt.Sprintf(`{"error":{"code":%q,"message":"Too many requests."},"retry_after":%d}`, c.Failure.Code, c.WaitMS/1000)
		}
	case DialectSeconds:
		if c.WaitMS >= 0 {
			add("Retry-After", n(c.WaitMS/1000))
		}
	case DialectNone:
	}
	if c.WaitMS >= 0 && q.Dialect >= DialectX && q.Dialect <= DialectThree && c.WaitMS > q.ResetS*1000 {
		add("Retry-After", n(c.WaitMS/1000))
	}
	return list, body
}
