package inflate

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

const most = 1 << 20

func compress(t testing.TB, encoding string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w, err = flate.NewWriter(&out, flate.DefaultCompression)
	case "zlib":
		w = zlib.NewWriter(&out)
	case "zstd":
		w, err = zstd.NewWriter(&out)
	case "br":
		w = brotli.NewWriter(&out)
	}
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestUndo(t *testing.T) {
	var i Inflater
	text := []byte(`{"error":{"code":"e1","message":"` + strings.Repeat("no ", 30) + `"}}`)
	f := func(data []byte, encodings string, whole bool, want []byte) {
		t.Helper()
		for range 2 { // the second time the readers are used again
			got, ended := i.Undo(data, []byte(encodings), most)
			require.Equal(t, string(want), string(got))
			require.Equal(t, whole, ended)
		}
	}
	zipped := compress(t, "gzip", text)
	f(zipped, "gzip", true, text)
	f(zipped, "GZip", true, text)
	f(zipped, "", true, text)       // the bytes tell
	f(zipped, "br", true, text)     // and the header lies
	f(text, "gzip", true, text)     // decoded by the logger
	f(nil, "gzip", true, nil)       // nothing
	f(text, "identity", true, text) // not encoded
	f(compress(t, "deflate", text), "deflate", true, text)
	f(compress(t, "zlib", text), "deflate", true, text)
	f(compress(t, "zstd", text), "zstd", true, text)
	f(compress(t, "br", text), "BR", true, text)
	f(compress(t, "br", zipped), "gzip, br", true, text)
	twice := compress(t, "gzip", zipped)
	f(compress(t, "gzip", twice), "gzip, gzip, gzip", true, zipped) // one layer too many stays
	got, whole := i.Undo(zipped[:len(zipped)-9], []byte("gzip"), most)
	require.False(t, whole, "the end is missing")
	require.True(t, bytes.HasPrefix(text, got))
}

func TestUndoMakesNoFlood(t *testing.T) {
	var i Inflater
	for _, encoding := range []string{"gzip", "zstd", "br"} {
		bomb := compress(t, encoding, make([]byte, 100<<20))
		for range 2 {
			got, whole := i.Undo(bomb, []byte(encoding), most)
			require.LessOrEqual(t, len(got), most, encoding)
			require.False(t, whole, encoding)
		}
	}
}

func FuzzUndo(f *testing.F) {
	for _, encoding := range []string{"gzip", "deflate", "zlib", "zstd", "br"} {
		f.Add(compress(f, encoding, []byte("a text")), encoding)
	}
	f.Fuzz(func(t *testing.T, data []byte, encodings string) {
		var i Inflater
		got, _ := i.Undo(data, []byte(encodings), most)
		require.LessOrEqual(t, len(got), max(most, len(data)))
	})
}
