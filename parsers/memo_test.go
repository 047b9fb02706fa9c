package parsers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMemo_AnotherRegistry: what one registry let pass must not show in the rows of a stricter one.
func TestMemo_AnotherRegistry(t *testing.T) {
	lax := newRegistry(t)
	strict, err := New(Options{Redact: []string{`Zaphod`}})
	require.NoError(t, err)
	rec := &Record{Value: []byte(record(t, `{"code":"x","message":"Zaphod is not at home"}`))}
	row := new(Row)
	for range 2 {
		lax.Parse(rec, row)
		require.Equal(t, "Zaphod is not at home", string(row.Message))
		strict.Parse(rec, row)
		require.Equal(t, "[redacted:custom] is not at home", string(row.Message))
	}
}

// TestMemo_Bounded: unique texts and hosts make it no larger than it says.
func TestMemo_Bounded(t *testing.T) {
	r, row := newRegistry(t), new(Row)
	for i := range 10_000 {
		body := fmt.Sprintf(`{"code":"c%d","message":"%s %d"}`, i, strings.Repeat("a@b.co \xff", 14), i)
		value := strings.Replace(record(t, body), "api.example.com", fmt.Sprintf("h%d.%sexample.com", i, strings.Repeat("long.", 40)), 1)
		r.Parse(&Record{Value: []byte(value)}, row)
	}
	size := 0
	for i := range row.scratch.memo.texts {
		k := &row.scratch.memo.texts[i]
		size += cap(k.text) + cap(k.redacted) + cap(k.template)
	}
	require.Less(t, size, 512<<10)
	for i := range row.scratch.memo.hosts {
		h := &row.scratch.memo.hosts[i]
		require.Less(t, cap(h.authority)+cap(h.name)+cap(h.redacted), 4*limitHost)
	}
}

func TestWords(t *testing.T) {
	for c := range 256 {
		for lane := range 8 {
			var word [8]byte
			copy(word[:], "aZ0fG_9-")
			word[lane] = byte(c)
			var want [8]byte
			for i, b := range word {
				want[i] = lowerByte(b)
			}
			var got [8]byte
			binary.LittleEndian.PutUint64(got[:], lowerWord(binary.LittleEndian.Uint64(word[:])))
			require.Equal(t, want, got)
			copy(word[:], "aF09bEcd")
			word[lane] = byte(c)
			require.Equal(t, bytes.IndexByte([]byte("0123456789abcdefABCDEF"), byte(c)) >= 0, isHex(word[:]), "%q", word)
		}
	}
}
