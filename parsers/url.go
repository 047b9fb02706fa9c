package parsers

import "bytes"

// target is where a call went.
type target struct {
	host []byte // without port and user, not yet lower-case
	path []byte // with query, as sent; no fragment
}

// readTarget reads the URL, or the host and path of a record that has no URL.
func (res *response) readTarget() target {
	t := splitURL(res.url)
	if len(t.host) == 0 {
		t.host = splitURL(res.host).host
	}
	if len(t.host) == 0 {
		t.host = hostOnly(bytes.TrimSpace(res.host))
	}
	if len(res.path) > 0 && (len(t.path) == 0 || len(res.url) == 0) {
		t.path = bytes.TrimSpace(res.path)
		if bytes.Contains(t.path, []byte("://")) {
			t.path = splitURL(t.path).path
		}
	}
	t.path = before(t.path, '#')
	return t
}

// splitURL takes an absolute URL apart; of a relative one, the path.
func splitURL(url []byte) target {
	url = bytes.TrimSpace(url)
	if len(url) == 0 || url[0] == '/' && !bytes.HasPrefix(url, []byte("//")) {
		return target{path: url}
	}
	rest := url
	if i := bytes.Index(url, []byte("://")); i >= 0 && i <= 16 {
		rest = url[i+3:]
	} else if rest = bytes.TrimPrefix(url, []byte("//")); len(rest) == len(url) {
		return target{}
	}
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		return target{host: hostOnly(rest), path: []byte("/")}
	}
	path := rest[end:]
	if path[0] == '#' {
		path = []byte("/")
	}
	return target{host: hostOnly(rest[:end]), path: path}
}

// hostOnly strips user, password, port, brackets and the final dot from an authority.
func hostOnly(authority []byte) []byte {
	if at := bytes.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if len(authority) > 0 && authority[0] == '[' {
		return before(authority[1:], ']')
	}
	if colon := bytes.IndexByte(authority, ':'); colon >= 0 && colon == bytes.LastIndexByte(authority, ':') {
		authority = authority[:colon]
	}
	authority = before(authority, '/')
	return bytes.TrimSuffix(authority, []byte("."))
}

// before returns the part of b in front of the first c.
func before(b []byte, c byte) []byte {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return b[:i]
	}
	return b
}
