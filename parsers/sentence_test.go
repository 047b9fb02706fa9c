package parsers

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers/lenient"
)

// sentenceBodies are errors whose message is in the place of %s: with the category by code, with one that a type tells,
// with a wait that is read from the message, and with no code at all.
var sentenceBodies = []struct{ host, body string }{
	{"sft.bics.com", `{\"error_code\":1201,\"error_token\":\"NotFound\",\"message\":\"%s\"}`},
	{"eu.api.tru.id", `{\"type\":\"https://tru.id/docs/api-errors/x%d\",\"title\":\"Nothing known\",\"status\":400,\"detail\":\"%s\"}`},
	{"prod.truv.com", `{\"error\":{\"code\":\"expired_token\",\"message\":\"%s\"}}`},
	{"prod.truv.com", `{\"detail\":\"%s\"}`},
}

func sentenceRecord(kind, status int, message string) []byte {
	b := sentenceBodies[kind]
	body := strings.ReplaceAll(b.body, "%d", "")
	return fmt.Appendf(nil, `{"time":1767225600.5,"method":"GET","url":"https://%s/x","status":%d,"response_body":"`+body+`"}`, b.host, status, message)
}

// TestSentences: errors that differ in the id of their message share a verdict, and each has its own message; an id
// that redaction takes for a secret is in none.
func TestSentences(t *testing.T) {
	r, random := newRegistry(t), rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		kind          int
		form          idForm
		before, after string
		want          string // %s is the id
		template      string
		shared        bool
	}{
		{0, 8, "Endpoint with id ", " not found", "Endpoint with id %s not found", "Endpoint with id <n> not found", true},
		{0, 11, "Invalid reference to serviceProfile with id ", "", "Invalid reference to serviceProfile with id %s", "Invalid reference to serviceProfile with id <n>", true},
		{0, 8, "MSISDN ", " not found", "MSISDN [redacted:phone] not found", "MSISDN <n> not found", true},
		{0, 32, "Workspace ", " has no funds.", "Workspace %s has no funds.", "Workspace <id> has no funds.", true},
		{2, 32, "Public token expired: ", "", "Public token expired: [redacted:token]", "Public token expired: <id>", true},
		{3, 36, "No order ", " here.", "No order %s here.", "No order <id> here.", false}, // an envelope looks for words in it
		{0, 36, "No check with id ", ".", "No check with id %s.", "No check with id <id>.", true},
		{1, 36, "No check with id ", ".", "No check with id %s.", "No check with id <id>.", false}, // its words may tell the category
		{0, 8, "Endpoint 12 with id ", "", "Endpoint 12 with id %s", "Endpoint <n> with id <n>", false},
		{0, 7, "Endpoint with id ", "", "Endpoint with id %s", "Endpoint with id <n>", false},
	} {
		var row Row
		status := 404
		if c.kind == 1 {
			status = 400
		}
		for i := range 64 {
			id := randomID(random, c.form)
			r.Parse(&Record{Value: sentenceRecord(c.kind, status, c.before+id+c.after)}, &row)
			require.Equal(t, strings.ReplaceAll(c.want, "%s", id), string(row.Message))
			require.Equal(t, c.template, string(row.MessageTemplate), id)
			if i > 40 {
				require.Equal(t, c.shared, row.Verdict != 0, "%s%s%s", c.before, id, c.after)
			}
		}
	}
}

// TestSentencesThatDependOnTheirID: where redaction looks at more than the form there is no verdict. No id that idIn
// finds is like that; this one is half a card.
func TestSentencesThatDependOnTheirID(t *testing.T) {
	const before, id = "Card 411111", "1111111111"
	r, row, text := newRegistry(t), new(Row), []byte(before+id+" was lost")
	r.Parse(&Record{Value: sentenceRecord(0, 404, string(text))}, row)
	require.Equal(t, "Card [redacted:card] was lost", string(row.Message))
	require.False(t, r.sameForAll(row, new(sentence), text, idWithin{len(before), idForm(len(id))}))
}

// TestTheSentenceIsTheMessage: a value that is the message of some errors of a shape only is no sentence.
func TestTheSentenceIsTheMessage(t *testing.T) {
	var doc lenient.Doc
	require.NoError(t, doc.Parse([]byte(`{"a":"x","b":"y"}`)))
	from := func(name string) source { return source{path: path{steps: []step{{name: name, index: -1}}}} }
	reading := func(names ...string) *envelope {
		e := &envelope{}
		for _, name := range names {
			e.plan.message = append(e.plan.message, from(name))
		}
		return e
	}
	a, b := doc.Root().Get("a").Number(), doc.Root().Get("b").Number()
	of := func(others uint64, envelopes ...*envelope) int {
		return (&definition{envelopes: envelopes}).sentenceOf(doc.Root(), others)
	}
	require.Equal(t, a, of(0, reading("a", "b")))
	require.Equal(t, b, of(1<<a, reading("b", "a"), reading("b")))
	require.Zero(t, of(1<<a, reading("a", "b")), "b counts only where there is no a")
	require.Zero(t, of(0, reading("a"), reading("b")))
	require.Zero(t, of(0, reading("a"), reading()))
	require.Zero(t, of(0, reading("c", "a")))
}

// TestSentencesOfTwoPlaces: where a body has several texts that may be the message, an id of one is never put into another.
func TestSentencesOfTwoPlaces(t *testing.T) {
	const record = `{"time":1767225600.5,"method":"GET","url":"https://api.marketstack.com/v1/eod","status":401,` +
		`"response_body":"{\"error\":{\"code\":\"missing_access_key\",\"info\":\"MSISDN number %d x\",\"message\":\"%s\"}}"}`
	for _, message := range []string{"Endpoint code 67426522 x", "MSISDN number 45123460 x"} {
		r, used := newRegistry(t), new(Row)
		for i := range 40 {
			rec, fresh := &Record{Value: fmt.Appendf(nil, record, 45123456+i%20, message)}, new(Row)
			r.Parse(rec, used)
			r.Parse(rec, fresh)
			require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(used.AppendJSON(nil, 1)))
		}
	}
}

// randomID returns an id of a form; now and then one that looks like something else.
func randomID(random *rand.Rand, form idForm) string {
	for {
		alphabet := []string{"0123456789", "00001", "0123456789abcdef", "0123abcdef", "abcdef1", "4111111111111111a"}[random.IntN(6)]
		if form < formHex {
			alphabet = "0123456789"
		}
		id := make([]byte, form)
		for i := range id {
			id[i] = alphabet[random.IntN(len(alphabet))]
		}
		if random.IntN(3) == 0 || form < formHex && random.IntN(3) == 0 {
			copy(id, []string{"2026", "4571", "0045", "45", "ad12", "de", "1970", "5555", "bad", "dead", "429"}[random.IntN(11)])
		}
		if form == formUUID {
			for _, i := range [...]int{8, 13, 18, 23} {
				id[i] = '-'
			}
		}
		if idIn([]byte("x "+string(id))).form == form || form < shortestNumber && len(bytes.Trim(id, "0123456789")) == 0 {
			return string(id)
		}
	}
}

// FuzzSentences: a row that has seen a sentence with other ids reads it like one that has seen nothing, whatever the
// sentence, the id and the status: no secret passes with a verdict, and nothing that an id changes is taken over.
func FuzzSentences(f *testing.F) {
	afters := []string{"", ".", " not found", " is for ann@example.com", " token: abc", " retry in 20 seconds", " 12", " expired 2026-01-02"}
	for i, before := range []string{
		"Endpoint with id ", "Public token expired: ", "PIN is ", "phone ", "Bearer ", "bearer ", "Basic ", "password: ", "code: ", "OTP ", "the session ", "key: ",
		"IBAN AD ", "token=a b ", "try again in ", "too many requests for ", "card ", "auth: basic ", "cookie: ", "secret was ", "https://x.de/a b ", "AE ", "on Nov ", "in 'x ",
		"verification code is ", "msisdn number: ", "+ a ", "page token ", "(see ", "reset: ",
	} {
		f.Add(before, afters[i%len(afters)], uint64(i))
		f.Add(before, "", uint64(i+7))
	}
	r := newRegistry(f)
	f.Fuzz(func(t *testing.T, before, after string, seed uint64) {
		if len(before)+len(after) > 300 || strings.ContainsAny(before+after, "\"\\%") {
			return
		}
		random := rand.New(rand.NewPCG(seed, 1))
		form := []idForm{8, 9, 10, 11, formHex, formUUID}[random.IntN(6)]
		kind, status := random.IntN(len(sentenceBodies)), []int{400, 401, 403, 404, 409, 422, 429, 500, 503}[random.IntN(9)]
		record := func() []byte { return sentenceRecord(kind, status, before+randomID(random, form)+after) }
		var used, fresh Row
		for range fitAfter + 4 {
			r.Parse(&Record{Value: record()}, &used)
		}
		for range 8 {
			rec := &Record{Value: record()}
			r.Parse(rec, &used)
			fresh.forget()
			r.Parse(rec, &fresh)
			require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(used.AppendJSON(nil, 1)), "%s", rec.Value)
			require.Equal(t, whole(&fresh), whole(&used))
		}
	})
}

// forget makes a row one that has no verdicts and no fitted definitions.
func (row *Row) forget() {
	if row.scratch != nil {
		clear(row.scratch.memo.fits.shapes[:])
		clear(row.scratch.memo.verdicts.known[:])
	}
}

// FuzzIDIn: what an id is told by leaves its sentence whole.
func FuzzIDIn(f *testing.F) {
	f.Add([]byte("Endpoint with id 67426522 not found"))
	f.Add([]byte("Public token expired: f1234560abf9f57287637624def39087"))
	f.Add([]byte("No check with id 3a7dd87c-8f00-445a-92ac-07990b211862."))
	f.Fuzz(func(t *testing.T, text []byte) {
		require.Equal(t, bytes.IndexAny(append(text[:len(text):len(text)], '0'), "0123456789"), firstDigit(text))
		id := idIn(text)
		if id.form == formNone {
			return
		}
		require.Equal(t, id.form, formOf(text[id.at:id.end()]))
		for _, other := range otherIDs(id.form) {
			require.Equal(t, id.form, formOf([]byte(other)), other)
			require.Equal(t, id, idIn(append(append(append([]byte(nil), text[:id.at]...), other...), text[id.end():]...)))
		}
	})
}
