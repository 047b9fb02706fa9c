package main

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

// TestSoak is the short form of `make soak`: half a minute at a rate that any machine keeps up with.
func TestSoak(t *testing.T) {
	if testing.Short() || os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skip("set ERRATA_REQUIRE_SERVERS=1, and not -short, to soak for half a minute")
	}
	embedded.TestClickHouse(t)
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"soak", "--duration", "30s", "--rate", "10000", "--every", "2s"}, &out, os.Stderr))
	t.Log("\n" + out.String())
	require.Contains(t, out.String(), "\n300000 records, each one row.\n")
}

// TestCost measures a little of everything.
func TestCost(t *testing.T) {
	if testing.Short() || os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skip("set ERRATA_REQUIRE_SERVERS=1, and not -short, to fill a table with a million rows")
	}
	embedded.TestClickHouse(t)
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"cost", "--runs", "1", "--records", "2000", "--time", "1s", "--partitions", "1,7", "--rates", "500", "--rows", "0,2"}, &out, io.Discard))
	for _, row := range []string{"| partitions |", "\n| 1 |", "\n| 7 |", "\n| records/s |", "\n| 500 |", "\n| million rows in the table |", "\n| 0 |", "\n| 2 |"} {
		require.Contains(t, out.String(), row)
	}
}

func TestSoakVerdict(t *testing.T) {
	f := func(want string, spoil func(*soak)) {
		t.Helper()
		s := &soak{options: soakOptions{rate: 1000, duration: time.Second}, samples: make([]sample, 9), out: io.Discard}
		if spoil(s); want == "" {
			require.NoError(t, s.verdict())
			return
		}
		err := s.verdict()
		require.ErrorIs(t, err, errSoak)
		require.ErrorContains(t, err, want)
	}
	f("", func(s *soak) { s.samples[6].Largest, s.samples[7].lag = 500, 50_000 }) // and back
	f("lost", func(s *soak) { s.wrong = []string{"rows are lost"} })
	f("took 12s", func(s *soak) { s.loading = 12 * time.Second })
	f("the ingester had 257 MB", func(s *soak) { s.samples[3].memory = 257e6 })
	f("101 active parts", func(s *soak) {
		for i := range s.samples {
			s.samples[i].Largest = uint64(98 + i/2)
		}
		s.samples[6].Largest = 101
	})
	f("10001 records behind", func(s *soak) {
		for i := range s.samples {
			s.samples[i].lag = int64(10_001 + i - 6)
		}
	})
}

// A table that lacks a row, has one twice, or both, is not compared as right.
func TestRowsAreCompared(t *testing.T) {
	embedded.TestClickHouse(t)
	e, err := openEngine(t.Context(), progressLog(io.Discard))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.close(t.Context())) })
	f := func(want bool, rows string) {
		t.Helper()
		d := e.newDatabase()
		require.NoError(t, d.exec(t.Context(), "CREATE DATABASE "+d.name))
		require.NoError(t, d.exec(t.Context(), "CREATE TABLE "+d.name+".responses (partition Int32, offset Int64) ENGINE = Memory"))
		require.NoError(t, d.exec(t.Context(), "INSERT INTO "+d.name+".responses SELECT 1, offset FROM ("+rows+")"))
		wrong, err := d.compare(t.Context(), 1, 100)
		require.NoError(t, err)
		require.Equal(t, want, wrong == "", wrong)
	}
	const all = "SELECT toInt64(number) AS offset FROM numbers(100)"
	f(true, all)
	f(false, all+" WHERE number != 50")
	f(false, all+" UNION ALL SELECT 50")
	f(false, all+" WHERE number != 50 UNION ALL SELECT 51")
	f(false, all+" WHERE number NOT IN (50, 53) UNION ALL SELECT 51 UNION ALL SELECT 52")
	f(false, "SELECT toInt64(number + 1) AS offset FROM numbers(100)")
}
