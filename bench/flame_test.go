package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What `go tool pprof -traces` prints.
const traces = `File: bench
Type: cpu
Duration: 1s, Total samples = 100ms (10.00%)
-----------+-------------------------------------------------------
      70ms   parsers.(*Registry).Parse (inline)
             pipeline.(*Ingester).run
             main.main
-----------+-------------------------------------------------------
      30ms   runtime.memmove
             pipeline.(*Ingester).run
             main.main
-----------+-------------------------------------------------------
`

func TestFlameGraph(t *testing.T) {
	var out strings.Builder
	require.NoError(t, flameGraph(&out, strings.NewReader(traces)))
	for _, want := range []string{
		"<title>all 100ms 100.0 %</title>",
		"<title>main.main 100ms 100.0 %</title>",
		`<title>parsers.(*Registry).Parse 70ms 70.0 %</title><rect x="0.0" y="48" width="1120.0"`,
		`<title>runtime.memmove 30ms 30.0 %</title><rect x="1120.0" y="48" width="480.0"`,
	} {
		require.Contains(t, out.String(), want)
	}
}
