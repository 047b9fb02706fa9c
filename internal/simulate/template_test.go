package simulate

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompile(t *testing.T) {
	f := func(text, raw string) {
		t.Helper()
		c := compile(text)
		require.Equal(t, raw, string(c.appendRaw(nil, &ids{})))
		var unescaped string
		require.NoError(t, json.Unmarshal(append(c.appendEscaped([]byte(`"`), &ids{}), '"'), &unescaped))
		require.Equal(t, raw, unescaped)
	}
	f("", "")
	f(`"`, `"`)
	f("<html>\r\n<p>\"x\"</p>", "<html>\r\n<p>\"x\"</p>")
	f("a<b", "a<b")
	f("Bearer <token>", "Bearer <token>")
	f("<hex16>", "6e789e6aa1b965f4")
	f(`{"a":"<hex16>"}\`, `{"a":"6e789e6aa1b965f4"}\`)
}

func TestRoutes(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		require.Equal(t, want, compile(path).routeOf())
	}
	f("/users/<hex24>", "/users/{id}")
	f("/a/<uuid>/b/<int8>?from=<date>", "/a/{id}/b/{id}")
	f("/health", "/health")
}

func TestUUIDsLookLikeUUIDs(t *testing.T) {
	s := ids{42}
	for range 100 {
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, string(appendUUID(nil, s.next(), s.next())))
	}
}

func TestBrokenBodies(t *testing.T) {
	require.Equal(t, `{\"a\":1,`, string(cutText([]byte(`{\"a\":1,\"0123456789`))))
	require.Equal(t, "x\\\"ab\xc3(\xff\\\"}", string(breakText([]byte(`x\"ab\"}`))))
}
