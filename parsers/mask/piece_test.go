package mask

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// routeOfPieces is the route of a path that is pieces and ids throughout, as it stands in a record.
func routeOfPieces(path string) (route string, plain, ok bool) {
	rest, plain := []byte(path), true
	for range maxSegments + 1 {
		n, end := Piece(rest)
		switch end {
		case EndUnclear:
			return "", false, false
		case EndOfPath:
			return route + string(rest[:n]), plain, true
		case EndAtQuery:
			return route + string(rest[:n-1]), false, true
		}
		route += string(rest[:n]) + routeID
		rest = rest[n:]
		n, usual := ID(append(rest[:len(rest):len(rest)], '"'))
		if n == 0 {
			return "", false, false
		}
		plain = plain && usual
		rest = rest[n:]
	}
	return "", false, false
}

func requirePieces(t *testing.T, path string) bool {
	t.Helper()
	route, plain, ok := routeOfPieces(path)
	if !ok || path == "" || path[0] == '?' { // not of a URL
		return false
	}
	want, wantPlain := AppendPlainRoute(nil, []byte(path))
	if len(route) <= maxRoute-len(routeCut)-1 && !endsCut(want) {
		require.Equal(t, string(want), route, path)
		require.Equal(t, wantPlain, plain, path)
	}
	return true
}

func endsCut(route []byte) bool {
	n := len(route) - len(routeCut)
	return n >= 0 && string(route[n:]) == routeCut
}

func TestPieces(t *testing.T) {
	for path, pieces := range map[string]bool{
		"/users/42": true, "/users/0042": true, "/data/v1/accounts/f1234560abf9f57287637624def39087/balance": true, "/users?x=1": true, "/users/42?x=1": true,
		"/v0.2/checks/3a7dd87c-8f00-445a-92ac-07990b211862": true, "/v0.2/checks/3A7DD87C-8f00-445a-92ac-07990b211862/x": true, "/users/me": true,
		"/checks/3a7dd87c-8f00-445a-92ac_07990b211862": false, "/users/ad2f19941700d1cbd1d34d7e/x": true, "/api/3": false, "/users/": false, "/": false, "//": false,
		"users": false, "/a#b": false, "/1/2/3": true, "": false, "/ann@example.com": false, "/deadbeef": true, "/\u00e9": false,
	} {
		require.Equal(t, pieces, requirePieces(t, path), path)
	}
}

// FuzzPieces: pieces and ids put together are the route.
func FuzzPieces(f *testing.F) {
	for _, path := range []string{"/users/42/x?y", "/v1/f1234560abf9f57287637624def39087", "/3a7dd87c-8f00-445a-92ac-07990b211862/beta", "/a/b/c/d/e/f/g/h/i/j/k/l/m"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if len(path) < 1<<12 {
			requirePieces(t, path)
		}
	})
}
