package freeport

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNext(t *testing.T) {
	t.Parallel()
	const outgoing = 32_768 // Linux's lowest port of outgoing connections, unless a machine is told otherwise
	seen := map[string]bool{}
	for range 500 {
		port, err := Next()
		require.NoError(t, err)
		require.False(t, seen[port], port)
		seen[port] = true
		n, err := strconv.Atoi(port)
		require.NoError(t, err)
		require.Less(t, n, outgoing)
	}
}
