package parsers

import "bytes"

// target is where a call went.
type target struct {
	host []byte // without port and user, not yet lower-case
	path []byte // with query, as sent; no fragment
}

// readTarget reads the URL, or the host and path of a record that has no URL.
func (res *response) readTarget() target {
	t, ok := plainURL(res.url)
	if !ok {
		t = splitURL(res.url)
	}
	if len(t.host) == 0 {
		t.host = splitURL(res.host).host
	}
	if len(t.host) == 0 {
		t.host = hostOnly(trim(res.host))
	}
	if len(res.path) > 0 && (len(t.path) == 0 || len(res.url) == 0) {
		t.path = trim(res.path)
		if bytes.Contains(t.path, []byte("://")) {
			t.path = splitURL(t.path).path
		}
	}
	t.path = before(t.path, '#')
	return t
}

// plainURL is splitURL for the usual kind: https, a name without user and port, a path. It declines all
// others.
func plainURL(url []byte) (target, bool) {
	const scheme = "https://"
	if len(url) < len(scheme) || string(url[:len(scheme)]) != scheme || !isPrint(url[len(url)-1]) {
		return target{}, false
	}
	for i := len(scheme); i < len(url); i++ {
		switch hostBytes[url[i]] {
		case hostName:
		case hostSlash:
			ok := url[i-1] != '.' && i > len(scheme)
			return target{host: url[len(scheme):i], path: url[i:]}, ok
		default:
			return target{}, false
		}
	}
	return target{}, false
}

// hostBytes says what a byte is in a plain URL after its scheme; 0 is what needs a closer look.
var hostBytes = buildHostBytes()

const (
	hostName = 1 + iota
	hostSlash
)

func buildHostBytes() (t [256]byte) {
	for c := range t {
		if b := byte(c); isHex([]byte{b}) || lowerByte(b) >= 'a' && lowerByte(b) <= 'z' || b == '-' || b == '.' {
			t[c] = hostName
		}
	}
	t['/'] = hostSlash
	return t
}

// rootPath is the path of a URL that states none.
var rootPath = []byte("/")

// splitURL takes an absolute URL apart; of a relative one, the path.
func splitURL(url []byte) target {
	url = trim(url)
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
		return target{host: hostOnly(rest), path: rootPath}
	}
	path := rest[end:]
	if path[0] == '#' {
		path = rootPath
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
