package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/config"
)

func TestFillBreaksParagraphsAnewAndNothingElse(t *testing.T) {
	f := func(text string, width int, want string) {
		t.Helper()
		require.Equal(t, want, fill(text, width))
	}
	f("one two\nthree", 80, "one two three")
	f("one two\nthree", 7, "one two\nthree")
	f("one\n\ntwo\n", 80, "one\n\ntwo")
	f("list:\n  a  b\n  c  d\nend", 80, "list:\n  a  b\n  c  d\nend")
	f("list:\n  a  b\n", 80, "list:\n  a  b")
	f("overlong", 3, "overlong")
}

// What a command alone has comes first, then the headings in one order, each flag once.
func TestHelpListsFlagsUnderHeadings(t *testing.T) {
	root := Root("tool", "A tool", "A tool.")
	cmd := &cobra.Command{Use: "ask", Short: "Ask", Run: func(*cobra.Command, []string) {}}
	new(config.ClickHouse).Register(cmd.Flags())
	new(config.Display).Register(cmd.Flags())
	cmd.Flags().Int("zeal", 1, "how eager")
	root.AddCommand(cmd)
	var out bytes.Buffer
	root.SetOut(&out)
	for _, args := range [][]string{{"ask", "--help"}, {"help", "ask"}} {
		out.Reset()
		root.SetArgs(args)
		require.NoError(t, root.Execute())
		at := -1
		for _, next := range []string{"\nFlags:\n", "--zeal", "\nPrinting:\n", "--tz", "\nClickHouse:\n", "--data-dir", "\nSettings:\n", "--config"} {
			require.Equal(t, 1, strings.Count(out.String(), next), next)
			require.Greater(t, strings.Index(out.String(), next), at, next)
			at = strings.Index(out.String(), next)
		}
	}
}
