package parsers

import (
	"bytes"
	"strings"

	"github.com/errata-dev/errata/parsers/lenient"
)

// accessLog is what access logs of proxies say beside the members of a draft.
type accessLog struct {
	flags, details, reason []byte // Envoy's
	served                 []byte // how long the upstream took; absent when it did not answer
	tries                  []byte // nginx: the status of every upstream asked
	request                []byte // "GET /x HTTP/1.1"
	localTime              []byte
	durationMS, durationS  []byte
	attempt                []byte
}

// access reads a record of Envoy's or nginx's access log. Operators choose the names of its members, so
// they are compared without regard to case, hyphens and underscores.
func (t *translation) access(_ *scratch, root lenient.Node) {
	d := t.begin()
	d.access(root)
	if d.isResponse() {
		t.done()
	}
}

func (d *draft) access(root lenient.Node) {
	var a accessLog
	for n := root.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if key := n.Key(); len(key) <= maxAttribute {
			d.member(&a, key, n)
		}
	}
	d.finish(&a)
}

// member notes one member. A hyphen alone stands for nothing.
func (d *draft) member(a *accessLog, key []byte, n lenient.Node) {
	d.name = fold(d.name[:0], key)
	slot := d.accessSlot(a, d.name)
	text := n.Text()
	switch {
	case string(d.name) == "responsebody":
		d.setBody(value{node: n})
	case string(d.name) == "responseheaders" && n.Kind() == lenient.Object:
		for h := n.First(); h.Kind() != lenient.Absent; h = h.Next() {
			d.header(&d.answer, h.Key(), value{node: h})
		}
	case len(text) == 0 || string(text) == "-" || n.Cut():
	case slot != nil:
		set(slot, text)
	default:
		d.loggedHeader(key, n)
	}
}

// fold appends a name in lower case, without what joins words.
func fold(dst, name []byte) []byte {
	for _, c := range name {
		if c != '_' && c != '-' && c != '.' && c != '@' && c != ' ' {
			dst = append(dst, lowerByte(c))
		}
	}
	return dst
}

// loggedHeader notes a response header under the names that nginx has for it, or under its own when
// that can be no other member's.
func (d *draft) loggedHeader(key []byte, n lenient.Node) {
	d.work = appendLower(d.work[:0], key)
	for i, c := range d.work {
		if c == '_' {
			d.work[i] = '-'
		}
	}
	name, ok := cutPrefixes(d.work, "upstream-http-", "sent-http-", "resp-header-", "response-header-", "resp-")
	if !ok && (string(d.work) == "retry-after" || bytes.Contains(d.name, []byte("ratelimit"))) {
		name, ok = d.work, true
	}
	if ok {
		d.header(&d.answer, name, value{node: n})
	}
}

// accessSlot returns the text that a member is noted in, nil for one that is not known.
func (d *draft) accessSlot(a *accessLog, folded []byte) *[]byte {
	switch string(folded) {
	case "starttime", "time", "timestamp", "timeiso8601", "msec", "ts":
		return &d.time
	case "responsecode", "status", "statuscode":
		return &d.status
	case "method", "requestmethod":
		return &d.method
	case "path", "requesturi", "uri", "requestpath", "xenvoyoriginalpath":
		return &d.path
	case "url", "requesturl":
		return &d.url
	case "args", "querystring":
		return &d.query
	case "authority", "proxyhost", "upstreamhostname":
		return &d.host
	case "host", "httphost", "servername", "requestedservername":
		return &d.otherHost
	case "service", "servicename", "sourceworkload", "sourceapp":
		return &d.service
	case "requestid", "xrequestid", "httpxrequestid":
		return &d.requestID
	case "traceid", "traceparent", "httptraceparent", "xb3traceid", "httpxb3traceid", "opentelemetrytraceid":
		return &d.traceID
	case "vendor":
		return &d.vendor
	case "environment":
		return &d.environment
	case "credential":
		return &d.credential
	case "route":
		return &d.route
	}
	return a.slot(folded)
}

func (a *accessLog) slot(folded []byte) *[]byte {
	switch string(folded) {
	case "responseflags", "responseflagslong":
		return &a.flags
	case "responsecodedetails":
		return &a.details
	case "upstreamtransportfailurereason":
		return &a.reason
	case "upstreamservicetime", "xenvoyupstreamservicetime":
		return &a.served
	case "upstreamstatus":
		return &a.tries
	case "request":
		return &a.request
	case "timelocal":
		return &a.localTime
	case "duration", "durationms":
		return &a.durationMS
	case "requesttime", "upstreamresponsetime":
		return &a.durationS
	case "upstreamrequestattemptcount", "xenvoyattemptcount", "attemptcount", "attempt":
		return &a.attempt
	}
	return nil
}

// finish draws what follows from several members.
func (d *draft) finish(a *accessLog) {
	d.traceID = traceID(d.traceID)
	if method, rest, ok := bytes.Cut(a.request, []byte(" ")); ok {
		set(&d.method, method)
		path, _, _ := bytes.Cut(rest, []byte(" "))
		set(&d.path, path)
	}
	if len(d.time) == 0 && len(a.localTime) > 0 {
		start := len(d.lines)
		d.lines = appendLocalTime(d.lines, a.localTime)
		d.time = d.lines[start:]
	}
	d.durationMS = firstNumber(a.durationMS)
	if d.durationMS == 0 {
		d.durationMS = 1e3 * firstNumber(a.durationS)
	}
	if n := digits(a.attempt); len(a.attempt) < 6 && n > 0 {
		d.attempt = n
	} else if len(a.tries) > 0 {
		d.attempt = 1 + int64(bytes.Count(a.tries, []byte(","))+bytes.Count(a.tries, []byte(" : ")))
	}
	d.flags(a)
}

// flags takes a response that Envoy made up, because the upstream gave none, for what it is. Its
// status is Envoy's word to the caller, not the vendor's.
func (d *draft) flags(a *accessLog) {
	status := digits(d.status)
	if len(a.served) > 0 || string(a.details) == "via_upstream" || len(d.status) > 0 && status > 0 && status < 400 {
		return
	}
	for rest := a.flags; len(rest) > 0; {
		var name []byte
		name, rest, _ = bytes.Cut(rest, []byte(","))
		f := flagOf(bytes.TrimSpace(name))
		if f == nil {
			continue
		}
		d.tunnel = len(d.method) == 0 && len(d.url) == 0 && len(d.path) == 0
		start := len(d.lines)
		d.lines = append(append(append(d.lines, f.means...), " ("...), f.short...)
		d.lines = append(d.lines, ')')
		if len(a.reason) > 0 {
			d.lines = append(append(d.lines, ": "...), a.reason...)
		}
		d.failure, d.status = d.lines[start:], nil
		return
	}
}

// responseFlag is one of Envoy's flags that say that the upstream did not answer. The others, such as RL
// and UAEX, are answers of Envoy's own filters, whose status says it all.
type responseFlag struct{ short, long, means string }

var responseFlags = [...]responseFlag{
	{"UT", "UpstreamRequestTimeout", "upstream request timeout"},
	{"UF", "UpstreamConnectionFailure", "upstream connection failure"},
	{"UC", "UpstreamConnectionTermination", "upstream connection termination"},
	{"UH", "NoHealthyUpstream", "no healthy upstream"},
	{"UO", "UpstreamOverflow", "upstream overflow, circuit breaker open"},
	{"UR", "UpstreamRemoteReset", "upstream remote reset"},
	{"LR", "LocalReset", "local connection reset"},
	{"DC", "DownstreamConnectionTermination", "downstream connection termination"},
	{"DR", "DownstreamRemoteReset", "downstream remote reset"},
	{"SI", "StreamIdleTimeout", "stream idle timeout"},
	{"DT", "DurationTimeout", "duration timeout"},
	{"UMSDR", "UpstreamMaxStreamDurationReached", "upstream stream duration timeout"},
	{"DF", "DnsResolutionFailed", "dns resolution failure"},
	{"UPE", "UpstreamProtocolError", "upstream protocol error"},
	{"NR", "NoRouteFound", "no route found"},
	{"NC", "NoClusterFound", "no cluster found"},
	{"DO", "DropOverload", "dropped, overload"},
	{"LH", "FailedLocalHealthCheck", "local health check failed"},
}

func flagOf(name []byte) *responseFlag {
	for i := range responseFlags {
		if f := &responseFlags[i]; string(name) == f.short || string(name) == f.long {
			return f
		}
	}
	return nil
}

// firstNumber reads the first of the numbers that nginx writes, in seconds: "0.012, 0.100".
func firstNumber(text []byte) float64 {
	var n, scale float64
	for i, c := range bytes.TrimSpace(text) {
		switch {
		case c == '.' && scale == 0 && i > 0:
			scale = 1
		case c-'0' < 10 && i < 24:
			n = n*10 + float64(c-'0')
			scale *= 10
		case scale > 1:
			return n / scale
		default:
			return n
		}
	}
	return n / max(scale, 1)
}

// appendLocalTime appends 18/Sep/2026:12:00:00 +0200 as RFC 3339 has it.
func appendLocalTime(dst, b []byte) []byte {
	const form, months = "18/Sep/2026:12:00:00 +0200", "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(b) != len(form) {
		return append(dst, b...)
	}
	at := strings.Index(months, string(b[3:6]))
	if at < 0 || at%3 != 0 {
		return append(dst, b...)
	}
	month := byte(at/3 + 1)
	dst = append(append(dst, b[7:11]...), '-', '0'+month/10, '0'+month%10, '-')
	dst = append(append(dst, b[:2]...), 'T')
	return append(append(dst, b[12:20]...), b[21:]...)
}
