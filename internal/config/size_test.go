package config

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSize(t *testing.T) {
	var n int64
	flag := Size(&n, 256_000_000)
	require.Equal(t, "256MB", flag.String())
	for text, want := range map[string]int64{
		"1": 1, "1000000": 1e6, "256MB": 256e6, "256 mb": 256e6, "1GiB": 1 << 30, "1.5GB": 15e8, "2TB": 2e12, "1kb": 1e3, "7B": 7,
	} {
		require.NoError(t, flag.Set(text), text)
		require.Equal(t, want, n, text)
	}
	for _, text := range []string{"", "MB", "-1GB", "0", "NaN", "Inf", "lots", "1e30TB", "1XB", "0.1B"} {
		require.ErrorContains(t, flag.Set(text), "want a size", text)
	}
}

func TestSizeSurvivesPrinting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n int64
		flag := Size(&n, rapid.Int64Range(1, 1<<50).Draw(t, "bytes"))
		want, text := n, flag.String()
		require.NoError(t, flag.Set(text))
		require.Equal(t, want, n, text)
	})
}
