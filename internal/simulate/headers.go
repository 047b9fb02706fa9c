package simulate

import (
	"strconv"
	"strings"
)

// header numbers the response headers that are written.
type header uint8

const (
	headerContentType header = iota
	headerDate
	headerContentEncoding
	headerRetryAfter
	headerXRequestID
	headerXCorrelationID
	headerTraceIDVendor
	headerRateLimit
	headerRateLimitPolicy
	headerRateLimitLimit
	headerRateLimitRemaining
	headerRateLimitReset
	headerXRateLimitLimit
	headerXRateLimitRemaining
	headerXRateLimitReset
	headers
)

// headerNames returns the quoted names in one form.
func headerNames(form headerForm) *[headers]string {
	names := [headers]string{
		"Content-Type", "Date", "Content-Encoding", "Retry-After", "X-Request-Id", "X-Correlation-Id", "Tl-Trace-Id",
		"RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
		"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
	}
	for i, name := range names {
		if form == headersLower {
			name = strings.ToLower(name)
		}
		names[i] = `"` + name + `":`
	}
	return &names
}

// quota is what a response says about the caller's limit.
type quota struct {
	limit, remaining, resetS int64
	windowS                  int64
}

func (w *writer) appendHeaders(dst []byte, c *call) []byte {
	if c.setting == settingSparse && c.retryAfterS < 0 && c.form != bodyPacked {
		return dst
	}
	t := &c.client.text
	dst = append(dst, `,"response_headers":{`...)
	dst = append(t.open1(dst, headerContentType), c.contentType()...)
	dst = append(append(dst, t.end...), ',')
	dst = w.calendar.appendHTTP(t.open1(dst, headerDate), c.at)
	dst = append(append(dst, t.end...), ',')
	dst = appendHex(t.open1(dst, c.client.vendor.requestID), w.rng.Uint64(), 16)
	dst = append(dst, t.end...)
	if c.form == bodyPacked {
		dst = append(t.open1(append(dst, ','), headerContentEncoding), "gzip"...)
		dst = append(dst, t.end...)
	}
	if c.retryAfterS >= 0 {
		dst = w.appendRetryAfter(append(dst, ','), c)
	}
	if c.quota.limit > 0 {
		dst = appendQuota(dst, c)
	}
	return append(dst, '}')
}

// open1 appends the name of a header and the beginning of its value.
func (t *clientText) open1(dst []byte, h header) []byte {
	return append(append(dst, t.names[h]...), t.open...)
}

// appendRetryAfter writes seconds, and for some clients the date they end at, which is as many
// seconds after the Date header.
func (w *writer) appendRetryAfter(dst []byte, c *call) []byte {
	t := &c.client.text
	dst = t.open1(dst, headerRetryAfter)
	if c.op%8 == 0 {
		dst = w.calendar.appendHTTP(dst, c.at+c.retryAfterS*1000)
	} else {
		dst = strconv.AppendInt(dst, c.retryAfterS, 10)
	}
	return append(dst, t.end...)
}

func appendQuota(dst []byte, c *call) []byte {
	q := c.quota
	switch c.client.vendor.quota {
	case quotaNone:
		return dst
	case quotaStructured:
		return appendStructuredQuota(dst, c)
	case quotaXEpoch:
		q.resetS += c.at / 1000
		return appendThree(dst, c, headerXRateLimitLimit, q)
	case quotaX:
		return appendThree(dst, c, headerXRateLimitLimit, q)
	case quotaThree:
		return appendThree(dst, c, headerRateLimitLimit, q)
	}
	return dst
}

// appendThree writes limit, remaining and reset as three headers; first is the one of the limit.
func appendThree(dst []byte, c *call, first header, q quota) []byte {
	t := &c.client.text
	for i, value := range [...]int64{q.limit, q.remaining, q.resetS} {
		dst = t.open1(append(dst, ','), first+header(i))
		dst = append(strconv.AppendInt(dst, value, 10), t.end...)
	}
	return dst
}

func appendStructuredQuota(dst []byte, c *call) []byte {
	t, q := &c.client.text, c.quota
	dst = t.open1(append(dst, ','), headerRateLimitPolicy)
	dst = strconv.AppendInt(append(dst, `\"default\";q=`...), q.limit, 10)
	dst = strconv.AppendInt(append(dst, ";w="...), q.windowS, 10)
	dst = t.open1(append(append(dst, t.end...), ','), headerRateLimit)
	dst = strconv.AppendInt(append(dst, `\"default\";r=`...), q.remaining, 10)
	dst = strconv.AppendInt(append(dst, ";t="...), q.resetS, 10)
	return append(dst, t.end...)
}
