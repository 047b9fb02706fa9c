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
			before := verdictsOf(used)
			for range 2 {
				r.Parse(&Record{Value: record}, used)
				require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(used.AppendJSON(nil, 1)), "%s: %s", c.Name, record)
				require.Equal(t, whole(fresh), whole(used), c.Name)
			}
			recalled += max(0, verdictsOf(used)-before) // less when shapes were forgotten
		}
	}
	require.Greater(t, recalled, 1000)
}

// verdictsOf is how many rows were filled from one.
func verdictsOf(row *Row) (hits int) {
	for _, of := range row.scratch.memo.fits.shapes {
		for _, f := range of.fits {
			hits += f.hits
		}
	}
	return hits
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
	change(`"status":`, `"error":"retries spent","status":`)
	change(`_id\":\"`, `_id\":\"0`)
	change(`\":\"a`, `\":\"b`)
	change(`\":1`, `\":2`)
	change(`\":\"`, `\":\"ann@example.com `)
	return all
}

// TestVerdictsLeaveTheCallersErrorAlone: an error that the caller saw is the message of its own record, where the body has none.
func TestVerdictsLeaveTheCallersErrorAlone(t *testing.T) {
	const record = `{"time":1767273433.4,"method":"POST","url":"https://api.stripe.com/v1/charges","status":402,"error":"%s",` +
		`"response_body":"{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\"}}"}`
	r, row := newRegistry(t), new(Row)
	for _, failure := range []string{"order of Ann", "retries spent"} {
		for range 40 {
			r.Parse(&Record{Value: fmt.Appendf(nil, record, failure)}, row)
			require.Equal(t, "card_declined", string(row.Code))
			require.Equal(t, failure, string(row.Message))
		}
	}
}

// TestVerdictsOnTheSameText: the same bytes are another error when another vendor sends them, or with another status.
func TestVerdictsOnTheSameText(t *testing.T) {
	const record = `{"time":1767273433.4,"service":"kyc","method":"POST","url":"https://%s/v1/things","status":%d,` +
		`"response_body":"{\"error\":{\"code\":\"validation_error\",\"message\":\"%s\",\"status\":400}}"}`
	r, used := newRegistry(t), new(Row)
	again := 0
	for round := range 30 {
		for _, host := range []string{"prod.truv.com", "api.telecomx.dk", "api.truelayer.com"} {
			for _, status := range []int{400, 404, 429} {
				for _, message := range []string{"Validation error", "Validation errol", "Endpoint with id 67426522 not found"} {
					rec := Record{Value: fmt.Appendf(nil, record, host, status, message)}
					fresh := new(Row)
					r.Parse(&rec, fresh)
					for range 1 + round%3 {
						r.Parse(&rec, used)
						require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(used.AppendJSON(nil, 1)), "%s", rec.Value)
						require.Equal(t, whole(fresh), whole(used))
					}
					if k := used.scratch.memo.verdicts.again(used.scratch.shapes.Text()); k != nil && k.number == used.Verdict {
						again++
					}
				}
			}
		}
	}
	require.Greater(t, again, 100)
}

// TestVerdictsOfManyTexts: more texts than there are places for verdicts; none is given that of another.
func TestVerdictsOfManyTexts(t *testing.T) {
	const record = `{"time":1767273433.4,"service":"kyc","method":"POST","url":"https://prod.truv.com/v1/things","status":400,` +
		`"response_body":"{\"error\":{\"code\":\"validation_error\",\"message\":\"Not the word %c%c%c\"}}"}`
	r, row := newRegistry(t), new(Row)
	parse := func(i int) {
		a, b, c := 'a'+rune(i%20), 'a'+rune(i/20%20), 'a'+rune(i/400)
		r.Parse(&Record{Value: fmt.Appendf(nil, record, a, b, c)}, row)
		require.Equal(t, fmt.Sprintf("Not the word %c%c%c", a, b, c), string(row.Message))
	}
	recalled := 0
	for i := range 4 * verdictCount {
		for range 16 {
			parse(i)
		}
		if row.scratch.memo.verdicts.again(row.scratch.shapes.Text()) != nil {
			recalled++
		}
		for back := 1; back < min(i, verdictCount); back += 50 { // some of their verdicts are gone by now
			parse(i - back)
		}
	}
	require.Greater(t, recalled, verdictCount)
}
