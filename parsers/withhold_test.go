package parsers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// wordy is an error whose every text holds the same word.
const wordy = `{"time":1789732800,"status":400,"url":"https://api.example.com/v1/orders?q=banana","response_body":"{\"type\":\"/banana\",\"title\":\"A banana\",` +
	`\"code\":\"no bananas\",\"detail\":\"One banana too many\",\"instance\":\"/x/banana\",\"errors\":[{\"field\":\"the banana\",\"code\":\"banana split\",\"detail\":\"banana\"}]}"}`

func TestTexts(t *testing.T) {
	f := func(texts []string, holds bool, record string) *Row {
		t.Helper()
		r, err := New(Options{Texts: texts})
		require.NoError(t, err)
		row := parse(t, r, record)
		if printed := string(row.AppendJSON(nil, 1)) + string(row.Body); holds {
			require.Contains(t, printed, "banana")
		} else {
			require.NotContains(t, printed, "banana")
		}
		return row
	}
	f(nil, true, wordy)
	row := f([]string{}, false, wordy)
	require.Equal(t, CategoryValidation, row.Category)
	require.Len(t, row.Details, 1)
	require.Equal(t, parse(t, newRegistry(t), wordy).Fingerprint, row.Fingerprint)
	for _, name := range TextMembers[:len(TextMembers)-1] {
		f([]string{name}, true, wordy)
	}
	const unparsed = `{"time":1789732800,"status":400,"response_body":"{\"banana\":{}}"}`
	f([]string{"body"}, true, unparsed)
	f([]string{"message"}, false, unparsed)
	f([]string{"body"}, true, `{"banana":1}`)
	f([]string{}, false, `{"banana":1}`)

	_, err := New(Options{Texts: []string{"mesage"}})
	require.ErrorContains(t, err, `texts: "mesage" is not all, none, or some of path, title, message, type, instance, details, body`)
}
