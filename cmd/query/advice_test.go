package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/commandline"
)

// TestCommandLine asks for a command line that means what was meant, and gives nothing away.
func TestCommandLine(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		cmd, rest, err := newRoot().Find(append([]string{"top"}, args...))
		require.NoError(t, err)
		require.NoError(t, cmd.ParseFlags(rest))
		for range 2 { // it leaves the flags as they are
			require.Equal(t, commandline.Quote(os.Args[0])+" top "+want, commandLine(cmd, []string{"--since", "24h"}))
		}
	}
	f("--code=a --code=b --since 24h", "--code=a,b", "--since=1h")
	f(`'--code="a,b"' '--code=""' --since 24h`, "--code", `"a,b"`, "--code", `""`)
	f(`'--code="it'\''s ""x"""' --since 24h`, "--code", `"it's ""x"""`)
	f(`'--endpoint=GET /a,b' --since 24h`, "--endpoint=GET /a,b")
	f(`--clickhouse=clickhouse://reader@db:9000/errata --since 24h`, "--clickhouse=clickhouse://reader:sesame@db:9000/errata")
}
