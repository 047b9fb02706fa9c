package storage

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/simulate"
	"github.com/errata-dev/errata/parsers"
)

// loadSimulation fills the table with a simulated log and returns the truth about it.
func loadSimulation(t testing.TB, o Options, options simulate.Options) simulate.Truth {
	t.Helper()
	g, err := simulate.New(options)
	require.NoError(t, err)
	registry, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	b := NewBlock()
	flush := func() {
		grant := testGrant(t)
		grant.Date = time.Now().UTC()
		require.NoError(t, w.Insert(t.Context(), b, grant))
		b.Reset()
	}
	var buf []byte
	var row parsers.Row
	for offset := int64(0); ; offset++ {
		value, _, ok := g.Next(buf)
		if !ok {
			break
		}
		buf = value
		registry.Parse(&parsers.Record{Value: value, Source: "simulation", Topic: "t", Offset: offset}, &row)
		b.Append(&row)
		if b.Rows() == 100_000 {
			flush()
		}
	}
	flush()
	return g.Truth()
}

func TestSimulation(t *testing.T) {
	db, o := openMigrated(t)
	end := time.Now().UTC().Truncate(time.Minute)
	truth := loadSimulation(t, o, simulate.Options{Seed: 1, End: end})
	f := Filter{From: end.Add(-time.Hour), To: end}
	show := func(name string, v any) {
		b, err := json.MarshalIndent(v, "", " ")
		require.NoError(t, err)
		t.Logf("%s %s", name, b)
	}
	began := time.Now()
	s, err := db.Storms(t.Context(), f, StormOptions{})
	require.NoError(t, err)
	t.Log(time.Since(began))
	show("storms", s)
	show("truth", truth.Storms)
	began = time.Now()
	l, err := db.Limits(t.Context(), f, LimitOptions{})
	require.NoError(t, err)
	t.Log(time.Since(began))
	show("limits", l)
	for _, s := range l.Explain {
		t.Log(s.Name, s.Elapsed, s.Rows, s.Bytes)
	}
	show("truth", truth.Limits)
}
