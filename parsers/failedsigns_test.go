package parsers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// ordinary is a body of 300 bytes whose words only look like those of errors.
const ordinary = `{"id":"cus_81","object":"customer","email":"jane@example.com","email_verified":false,"country_code":"GB","currency":"gbp","livemode":false,"default_source":"card_1","delinquent":false,"model":"b2","defaults":{"mode":"x"},` +
	`"available":12,"details":"node 7","code":"GOLD","created":1789732800,"modified":1789732800,"fast":true}`

func TestSignsOfErrorsInSuccesses(t *testing.T) {
	for _, body := range []string{
		`{"a":{"error":1}}`, `{"status":"ERROR"}`, `{"status":"FAILED"}`, `{"status":"fail","x":1}`, `{"Fault":{"x":1}}`, `{"errcode":40029}`, `{"retCode":"E1"}`, `{"error_code":"x"}`, `{"code":40001}`, `{"code":"40001"}`, `{"code": -32000}`,
		`{\"success\":false}`, `{\"ok\": false}`, `{"isSuccess" : false}`, `{"success":"false"}`, `{"result":false}`, `"{\"code\":1004}"`, `statuscode=404`, `code=404&x=1`, `<a><Fault/></a>`, `[{"jsonrpc":"2.0","error":{}}]`,
		`{"padding":"` + ordinary[:40] + `","x":"error"}`,
	} {
		require.True(t, hasTelltale([]byte(body)), body)
	}
	for _, body := range []string{
		ordinary, `{"code":0,"x":1}`, `{"code":200,"x":1}`, `{"code":"0000","x":1}`, `{"statusCode":200,"x":1}`, `{"postal_code":12345}`, `{"code":"GBP","x":1}`, `{"mirrored":false}`, `{"default":"x"}`, `[{"error":"x"}]`, `{"decode":1001}`, `{"barcode":4001}`,
	} {
		require.False(t, hasTelltale([]byte(body)), body)
	}
}

// TestSignsAreFoundEverywhere moves a sign over every place of a window and its ends.
func TestSignsAreFoundEverywhere(t *testing.T) {
	filler := `{"name":"abcdefghijklmnopqrstuvwxyz"}`
	for i := 9; i < 33; i++ {
		for _, sign := range []string{"error", "FAIL"} {
			require.True(t, hasTelltale([]byte(filler[:i]+sign+filler[i:])), "%s at %d", sign, i)
			require.True(t, hasTelltale([]byte(filler[:i]+sign)), "%s at %d at the end", sign, i)
		}
		require.False(t, hasTelltale([]byte(filler[:i])), i)
	}
}

func BenchmarkSigns(b *testing.B) {
	b.ReportAllocs()
	body := []byte(ordinary)
	for b.Loop() {
		hasTelltale(body)
	}
}
