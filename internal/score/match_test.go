package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatchIsOneToOne(t *testing.T) {
	event := func(key string, from, to int64) span { return span{key: key, from: from * 10_000, to: to * 10_000} }
	events := []span{event("a", 0, 10), event("a", 20, 30), event("b", 0, 10), event("c", 0, 10)}
	rows := []span{event("a", 1, 29), event("b", 20, 30), event("c", 0, 4), event("c", 4, 10)}
	rowOf, taken := match(events, rows)
	require.Equal(t, []int{0, -1, -1, 3}, rowOf)
	require.Equal(t, []bool{true, false, false, true}, taken)
}
