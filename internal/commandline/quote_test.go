package commandline

import (
	"encoding/csv"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuote lets a real shell and the reader of list flags read the words back.
func TestQuote(t *testing.T) {
	for _, value := range []string{"down", "", "a,b", `x"y`, "it's", "ev`;echo INJECTED #", "$(id)", "a b", "ä\\", "-", "*", "a\nb"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+Quote(Value(value))).Output()
		require.NoError(t, err)
		fields, err := csv.NewReader(strings.NewReader(string(out))).Read()
		require.NoError(t, err, value)
		require.Equal(t, []string{value}, fields)
	}
}
