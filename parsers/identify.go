package parsers

import (
	"encoding/binary"

	"github.com/minio/highwayhash"

	"github.com/errata-dev/errata/parsers/mask"
)

// identify fills who called whom, and which operation the call belongs to. It returns the vendor
// whose definition applies, or nil.
func (r *Registry) identify(row *Row) *vendor {
	s := row.scratch
	res := &s.response
	row.RequestID = r.id(s, res.requestID)
	row.TraceID = r.id(s, res.traceID)
	if s.caller != nil {
		return r.recall(row, s.caller)
	}
	row.Service = r.text(s, res.service, limitName)
	row.Environment = r.text(s, res.environment, limitName)
	row.Credential = r.text(s, res.credential, limitName)

	host := r.host(s, res.target.host)
	row.Host = host.redacted
	row.Method = r.method(s, res.method)
	row.Route = r.route(s, row.Method, res.target.path)
	s.work = s.appendCall(s.work[:0], row.Method, host.name)
	r.operation(row)
	v := r.vendor(row, host)
	if s.trail.n > 0 {
		r.remember(row, host, v)
	}
	return v
}

// path fills what only errors keep of the address.
func (r *Registry) path(row *Row) {
	s := row.scratch
	path := s.response.target.path
	if s.quiet && len(path) <= limitPath {
		row.Path = path
		return
	}
	start := len(s.texts)
	s.texts = r.redactor.AppendPath(s.texts, s.valid(window(path, limitPath)))
	row.Path = s.cut(start, limitPath, len(path))
}

// method returns the method in upper case; the usual ones cost nothing.
func (r *Registry) method(s *scratch, method []byte) []byte {
	switch string(method) {
	case "GET", "POST", "PUT", "DELETE", "PATCH":
		return method
	}
	method = trim(method)
	for _, known := range [...]string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"} {
		if equalFold(method, known) {
			return s.constant(known)
		}
	}
	s.work = s.work[:0]
	for _, c := range window(method, limitMethod) {
		if c-'a' < 26 {
			c &^= 0x20
		}
		s.work = append(s.work, c)
	}
	return r.text(s, s.work, limitMethod)
}

// route returns the template of the path: the logger's own, else the path with its ids masked.
func (r *Registry) route(s *scratch, method, path []byte) []byte {
	route := trim(s.response.route)
	if len(route) > len(method) && len(method) > 0 && equalFold(route[:len(method)], string(method)) && route[len(method)] == ' ' {
		route = route[len(method)+1:] // "GET /users/{id}", as some frameworks write it
	}
	if len(route) > 0 {
		return r.text(s, route, limitPath)
	}
	if len(path) == 0 {
		return nil
	}
	var plain bool
	s.work, plain = mask.AppendPlainRoute(s.work[:0], window(path, limitPath))
	if len(s.work) > memoText {
		return r.text(s, s.work, limitPath)
	}
	known := r.known(s, s.work)
	s.quiet = plain && r.quiet(known)
	return s.keep(known.redacted, limitPath)
}

// appendCall appends what the hash of an operation begins with.
func (s *scratch) appendCall(dst, method, host []byte) []byte {
	return appendPart(appendPart(appendPart(dst, s.response.service), method), host)
}

// operationBits is how much of the hash of an operation is kept: a byte less is a byte less of every row. Of ten million
// operations a day 45 pairs have the same number, and one pair in three days within ten minutes.
const operationBits = 40

// operation hashes the identity that all attempts of one call share, from s.work, which has its beginning. The hash is
// keyed because paths hold phone numbers.
func (r *Registry) operation(row *Row) {
	s := row.scratch
	res := &s.response
	path := res.target.path
	var identity []byte
	switch safe := repeatable(row.Method); {
	case len(res.idempotencyKey) > 0:
		row.OperationKey, identity = OperationKeyIdempotency, res.idempotencyKey
	case !safe && len(res.traceID) > 0:
		row.OperationKey, identity = OperationKeyTrace, res.traceID
	case safe && len(path) > 0:
		row.OperationKey = OperationKeyPath
	}
	s.work = appendPart(s.work, path)
	s.work = appendPart(s.work, identity)
	s.work = append(s.work, byte(row.OperationKey))
	row.Operation = highwayhash.Sum64(s.work, r.key[:]) >> (64 - operationBits)
}

// appendPart appends one part of a hash's input with its length, which keeps the parts apart.
func appendPart(dst, part []byte) []byte {
	if len(part) < 0x80 { // as AppendUvarint does, which is not inlined
		dst = append(dst, byte(len(part)))
	} else {
		dst = binary.AppendUvarint(dst, uint64(len(part)))
	}
	return append(dst, part...)
}

// repeatable reports whether sending a request twice means the same as sending it once, so that
// its path alone tells it from others.
func repeatable(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "PUT", "DELETE":
		return true
	}
	return false
}
