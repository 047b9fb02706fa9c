package alert

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	os.Exit(m.Run())
}

// rules decodes the text of a rules file that has only `rules:`.
func rules(t testing.TB, text string) *File {
	t.Helper()
	f, err := Decode("rules.yaml", []byte(text))
	require.NoError(t, err)
	return f
}
