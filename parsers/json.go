package parsers

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the row as one JSON object without a line end, as `ingest parse` prints it. Line
// is the number of the input line, counted from 1; only dead letters state it. Members that are not
// known are left out; the result is valid JSON whatever the row's bytes are.
func (row *Row) AppendJSON(dst []byte, line int) []byte {
	w := writer{dst: append(dst, '{')}
	switch row.Kind {
	case KindDeadLetter:
		w.number("line", int64(line))
		w.plain("kind", row.Kind.String())
		w.literal("error", "true")
		w.plain("reason", row.Reason.String())
	case KindSuccess:
		w.text("request_id", row.RequestID)
		w.plain("kind", row.Kind.String())
		w.literal("error", "false")
	default:
		w.text("request_id", row.RequestID)
		w.plain("kind", row.Kind.String())
		w.literal("error", "true")
		w.origin(row)
		w.call(row)
		w.answer(row)
	}
	return append(w.dst, '}')
}

// writer appends the members of one object.
type writer struct {
	dst  []byte
	some bool // a member was written
}

// origin writes where the record came from; a line of a file comes from nowhere.
func (w *writer) origin(row *Row) {
	w.text("source", []byte(row.Source))
	if row.Topic != "" {
		w.text("topic", []byte(row.Topic))
		w.number("partition", int64(row.Partition))
		w.number("offset", row.Offset)
	}
	if row.LogTime != 0 {
		w.time("log_time", row.LogTime)
	}
	w.number("checksum", int64(row.Checksum))
}

// call writes who called whom.
func (w *writer) call(row *Row) {
	w.time("time", row.Time)
	w.text("vendor", row.Vendor)
	w.text("service", row.Service)
	w.text("environment", row.Environment)
	w.text("credential", row.Credential)
	w.text("method", row.Method)
	w.text("host", row.Host)
	w.text("route", row.Route)
	w.text("path", row.Path)
	w.hex("operation", row.Operation, operationBits)
	w.plain("operation_key", row.OperationKey.String())
	if row.Attempt > 0 {
		w.number("attempt", int64(row.Attempt))
	}
	w.number("status", int64(row.Status))
	if row.DurationMS > 0 {
		w.float("duration_ms", row.DurationMS)
	}
}

// answer writes what the response said.
func (w *writer) answer(row *Row) {
	w.text("code", row.Code)
	w.plain("category", row.Category.String())
	w.plain("retry", row.Retry.String())
	w.fact("retry_after_ms", row.RetryAfterMS)
	w.text("title", row.Title)
	w.text("message", row.Message)
	w.text("message_template", row.MessageTemplate)
	w.hex("fingerprint", row.Fingerprint, 64)
	w.text("type", row.Type)
	w.text("instance", row.Instance)
	w.text("trace_id", row.TraceID)
	w.text("vendor_request_id", row.VendorRequestID)
	w.details(row.Details)
	w.rateLimit(&row.RateLimit)
	w.text("format", row.Format)
	w.plain("parse", row.Parse.String())
	w.text("body", row.Body)
	w.number("redaction_version", int64(row.RedactionVersion))
}

func (w *writer) details(details []Detail) {
	if len(details) == 0 {
		return
	}
	w.name("details")
	w.dst = append(w.dst, '[')
	for i := range details {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = appendJSONText(append(w.dst, `{"field":`...), details[i].Field)
		w.dst = appendJSONText(append(w.dst, `,"code":`...), details[i].Code)
		w.dst = appendJSONText(append(w.dst, `,"message":`...), details[i].Message)
		w.dst = append(w.dst, '}')
	}
	w.dst = append(w.dst, ']')
}

func (w *writer) rateLimit(l *RateLimit) {
	if l.Limit == Absent && l.Remaining == Absent && l.ResetAt == Absent && l.WindowS == Absent && len(l.Policy) == 0 {
		return
	}
	w.name("rate_limit")
	w.dst = append(w.dst, '{')
	w.some = false
	w.fact("limit", l.Limit)
	w.fact("remaining", l.Remaining)
	if l.ResetAt != Absent {
		w.time("reset_at", l.ResetAt)
	}
	w.fact("window_s", l.WindowS)
	w.text("policy", l.Policy)
	if l.Source != LimitFromHeader {
		w.plain("source", l.Source.String())
	}
	w.dst = append(w.dst, '}')
	w.some = true
}

func (w *writer) name(name string) {
	if w.some {
		w.dst = append(w.dst, ',')
	}
	w.some = true
	w.dst = append(w.dst, '"')
	w.dst = append(w.dst, name...)
	w.dst = append(w.dst, '"', ':')
}

// text writes a text unless it is empty.
func (w *writer) text(name string, text []byte) {
	if len(text) > 0 {
		w.name(name)
		w.dst = appendJSONText(w.dst, text)
	}
}

// plain writes a text of a closed vocabulary unless it is empty.
func (w *writer) plain(name, text string) {
	if text != "" {
		w.name(name)
		w.dst = append(w.dst, '"')
		w.dst = append(w.dst, text...)
		w.dst = append(w.dst, '"')
	}
}

func (w *writer) literal(name, literal string) {
	w.name(name)
	w.dst = append(w.dst, literal...)
}

func (w *writer) number(name string, n int64) {
	w.name(name)
	w.dst = strconv.AppendInt(w.dst, n, 10)
}

// fact writes a number unless it is Absent.
func (w *writer) fact(name string, n int64) {
	if n != Absent {
		w.number(name, n)
	}
}

func (w *writer) float(name string, f float32) {
	w.name(name)
	w.dst = strconv.AppendFloat(w.dst, float64(f), 'f', -1, 32)
}

func (w *writer) hex(name string, n uint64, bits int) {
	w.name(name)
	w.dst = append(w.dst, '"')
	for shift := bits - 4; shift >= 0; shift -= 4 {
		w.dst = append(w.dst, "0123456789abcdef"[n>>shift&15])
	}
	w.dst = append(w.dst, '"')
}

// time writes Unix milliseconds as RFC 3339 in UTC with milliseconds.
func (w *writer) time(name string, ms int64) {
	w.name(name)
	w.dst = append(w.dst, '"')
	at := time.UnixMilli(ms).UTC()
	w.dst = at.AppendFormat(w.dst, time.RFC3339) // six times as fast as a layout with milliseconds
	fraction := at.Nanosecond() / 1_000_000
	w.dst = append(w.dst[:len(w.dst)-1], '.', '0'+byte(fraction/100), '0'+byte(fraction/10%10), '0'+byte(fraction%10), 'Z', '"')
}

// appendJSONText appends text as a JSON string; broken UTF-8 becomes U+FFFD.
func appendJSONText(dst, text []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		from := i
		for i < len(text) && isPlainJSON(text[i]) {
			i++
		}
		if dst = append(dst, text[from:i]...); i == len(text) {
			break
		}
		c := text[i]
		if c < utf8.RuneSelf {
			dst = appendJSONByte(dst, c)
			i++
			continue
		}
		char, size := utf8.DecodeRune(text[i:])
		switch char {
		case '\u2028', '\u2029': // line ends to JavaScript
			dst = append(dst, `\u202`...)
			dst = append(dst, '0'+byte(char&15))
		default:
			dst = utf8.AppendRune(dst, char)
		}
		i += size
	}
	return append(dst, '"')
}

// isPlainJSON reports whether c stands for itself in a JSON string.
func isPlainJSON(c byte) bool { return c-' ' < 0x7f-' ' && c != '"' && c != '\\' }

func appendJSONByte(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c < ' ' || c == 0x7f:
		return append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
	}
	return append(dst, c)
}
