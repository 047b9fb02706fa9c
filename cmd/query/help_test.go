package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Help teaches: every command shows how it is used.
func TestEveryCommandHasExamples(t *testing.T) {
	commands := newRoot().Commands()
	require.NotEmpty(t, commands)
	for _, c := range commands {
		require.NotEmpty(t, c.Short, c.Name())
		require.NotEmpty(t, c.Long, c.Name())
		require.NotEmpty(t, c.Example, c.Name())
	}
}
