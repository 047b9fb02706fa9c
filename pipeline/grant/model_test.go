package grant

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scenario is a model with the faults that it may meet, in any order and at any point.
type scenario struct {
	name string
	model
}

// brief is searched to its end in every run: 2.6 million worlds. With -short each search
// ends after shortSearch.
var brief = []scenario{
	{"a killed ingester", model{offsets: 2, budget: budget{crashes: 1, lost: 1}}},
	{"a rebalance", model{offsets: 2, budget: budget{rebalances: 1, lost: 1, refused: 1}}},
	{"ranges of any length, rows in any order", model{offsets: 2, anyEnd: true, anyOrder: true, budget: budget{lost: 1}}},
	{"the committed offset moved back", model{offsets: 2, budget: budget{crashes: 1, regress: 1}}},
	{"one fault of each kind", model{offsets: 2, budget: budget{rebalances: 1, crashes: 1, restarts: 1, lost: 1}}},
}

// full is what `make model` searches besides.
var full = []scenario{
	{"the table's faults", model{offsets: 2, anyOrder: true, budget: budget{rebalances: 1, restarts: 1, lost: 1, refused: 1, failed: 1}}},
	{"ranges of any length, a killed ingester, moved back", model{offsets: 2, anyEnd: true, budget: budget{crashes: 1, lost: 1, regress: 1}}},
	{"three records", model{offsets: 3, budget: budget{rebalances: 1, crashes: 1, restarts: 1, lost: 1}}},
	{"two rebalances, two lost answers, one of all else", model{offsets: 2, budget: budget{rebalances: 2, crashes: 1, restarts: 1, lost: 2, refused: 1, failed: 1}}},
}

// shortSearch is how many worlds a search visits with -short, for the race detector.
const shortSearch = 10_000

func TestModel(t *testing.T) {
	for _, sc := range brief {
		t.Run(sc.name, func(t *testing.T) {
			holds(t, sc.model, 64)
		})
	}
}

// TestModelFull takes minutes and gigabytes: ERRATA_MODEL=full, as `make model` sets it.
func TestModelFull(t *testing.T) {
	if os.Getenv("ERRATA_MODEL") != "full" {
		t.Skip("make model")
	}
	total := 0
	for _, sc := range full {
		t.Run(sc.name, func(t *testing.T) { total += holds(t, sc.model, 512) })
	}
	t.Logf("%d states in all", total)
}

// holds searches every world that the model can come to, and shows of one in so many that it comes to its end.
func holds(t *testing.T, mo model, drain int) (states int) {
	s := search{model: mo, strict: true, drain: drain}
	if testing.Short() {
		s.limit = shortSearch
	}
	s.run(runtime.GOMAXPROCS(0))
	report(t, &s)
	require.Nil(t, s.found)
	require.NotZero(t, s.drained)
	return s.states()
}

func report(t *testing.T, s *search) {
	t.Helper()
	t.Logf("%d states, depth %d, %.1f s, %.0f states/s, of which %d were shown to come to their end",
		s.states(), s.depth, s.took.Seconds(), float64(s.states())/s.took.Seconds(), s.drained)
	if s.found != nil {
		t.Log("\n" + strings.Join(s.trace(), "\n"))
	}
}

// Each rule is needed: without it a row is lost or there twice, with no more than these faults.
func TestModelMutants(t *testing.T) {
	faults := map[Rule]budget{
		GrantFirst:    {rebalances: 1},
		GrantDeadline: {lost: 1},
		AwaitDeadline: {lost: 1},
		AwaitEnd:      {lost: 1},
		ReadBack:      {lost: 1},
		Guard:         {lost: 1},
		Fence:         {rebalances: 1},
		EndUnanswered: {rebalances: 1, lost: 1},
	}
	for _, rule := range Rules {
		t.Run(rule.String(), func(t *testing.T) {
			breaks(t, model{without: rule, offsets: 1, budget: faults[rule]})
		})
	}
	t.Run("none is removed", func(t *testing.T) {
		for _, b := range []budget{{rebalances: 1}, {lost: 1}, {rebalances: 1, lost: 1}} {
			holds(t, model{offsets: 1, budget: b}, 64)
		}
	})
}

// What the promise rests on besides the rules.
func TestModelAssumptions(t *testing.T) {
	t.Run("a join changes the generation", func(t *testing.T) {
		if testing.Short() {
			t.Skip("180,000 worlds")
		}
		breaks(t, model{sameGeneration: true, offsets: 1, budget: budget{rebalances: 1, lost: 1}})
	})
	t.Run("offsets are moved back only while no insert is under way", func(t *testing.T) {
		breaks(t, model{reckless: true, offsets: 1, budget: budget{crashes: 1, regress: 1}})
	})
	t.Run("what is read back beyond the committed offset is skipped", func(t *testing.T) {
		breaks(t, model{blind: true, offsets: 1, budget: budget{crashes: 1, regress: 1}})
	})
}

func breaks(t *testing.T, mo model) {
	s := search{model: mo}
	s.run(runtime.GOMAXPROCS(0))
	report(t, &s)
	require.NotNil(t, s.found, "nothing is lost and nothing there twice")
}
