package parsers

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVerdicts: a row that has seen errors of a kind again and again reads the next one like a row that has seen
// nothing, whatever headers and status come with it.
func TestVerdicts(t *testing.T) {
	r, used := newRegistry(t), new(Row)
	recalled := 0
	for i, c := range readCases(t, "vendors/*/testdata/*.txtar") {
		for range fitAfter + 4 {
			r.Parse(&Record{Value: c.Record}, used)
		}
		if i%5 != 0 && !ours[string(used.Vendor)] || used.scratch.body.known == nil {
			continue // a fresh Row takes half a millisecond
		}
		for _, record := range variants(c.Record) {
			fresh := new(Row)
			r.Parse(&Record{Value: record}, fresh)
			for range 2 {
				r.Parse(&Record{Value: record}, used)
				require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(used.AppendJSON(nil, 1)), "%s: %s", c.Name, record)
				require.Equal(t, whole(fresh), whole(used), c.Name)
			}
			if used.Kind == KindError && used.scratch.body.known != nil && used.scratch.asked.fit == nil {
				recalled++
			}
		}
	}
	require.Greater(t, recalled, 100)
}

// ours are the vendors whose traffic the goals are about.
var ours = map[string]bool{"truid": true, "truv": true, "truelayer": true, "telecomx": true, "bics": true, "emnify": true}

// variants are a record, and records that differ from it in what a verdict must not depend on, or must.
func variants(record []byte) [][]byte {
	all := [][]byte{record}
	change := func(from, to string) {
		if changed := bytes.Replace(record, []byte(from), []byte(to), 1); !bytes.Equal(changed, record) {
			all = append(all, changed)
		}
	}
	for _, headers := range []string{
		`"Retry-After":"7"`, `"X-RateLimit-Limit":"10","X-RateLimit-Remaining":"0","Retry-After":"9"`, `"x-should-retry":"true"`, `"tl-should-retry":"false"`,
		`"X-Request-Id":"abc-1","Content-Type":"text/plain"`, `"www-authenticate":"Bearer error=\"invalid_token\""`,
	} {
		change(`"response_headers":{`, `"response_headers":{`+headers+`,`)
	}
	for _, status := range []int{400, 403, 429, 500, 503} {
		change(`"status":`, fmt.Sprintf(`"status":%d,"old":`, status))
	}
	change(`_id\":\"`, `_id\":\"0`)
	change(`\":\"a`, `\":\"b`)
	change(`\":1`, `\":2`)
	change(`\":\"`, `\":\"ann@example.com `)
	return all
}
