package pipeline

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert/alerttest"
)

// The page for whoever is on call must not fall behind the code: what these tests compare it with is the source
// itself.

func operationsPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	return string(page)
}

// source is the code that speaks to operators.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{".", "fetch", "grant", "../cmd/ingest", "../internal/cli"} {
		files, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			all.Write(text)
		}
	}
	return all.String()
}

// section returns the part of a page under a heading.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "\n## "+heading+"\n")
	require.True(t, found, heading)
	part, _, _ := strings.Cut(rest, "\n## ")
	return part
}

var firstCell = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|")

// quoted returns what stands between backticks in the first cells of a section's tables.
func quoted(part string) []string {
	var all []string
	for _, cell := range firstCell.FindAllStringSubmatch(part, -1) {
		for n, text := range strings.Split(cell[1], "`") {
			if n%2 == 1 {
				all = append(all, text)
			}
		}
	}
	return all
}

// described collects what a Registerer is given, with type and labels: "errata_x counter kind".
type described struct{ metrics map[string]string }

func (d *described) MustRegister(...prometheus.Collector) {}

func (d *described) Unregister(prometheus.Collector) bool { return false }

var description = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

func (d *described) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc, 1)
	c.Describe(descs)
	parts := description.FindStringSubmatch((<-descs).String())
	if parts == nil {
		return fmt.Errorf("no name: %v", c)
	}
	d.metrics[parts[1]] = strings.TrimSpace(kindOf(c) + " " + strings.ReplaceAll(parts[2], ",", " "))
	return nil
}

func kindOf(c prometheus.Collector) string {
	switch c.(type) {
	case *prometheus.GaugeVec, prometheus.Gauge: // a gauge counts, too, so it comes first
		return "gauge"
	case *prometheus.CounterVec, prometheus.Counter:
		return "counter"
	}
	return "histogram"
}

func registered(t *testing.T) map[string]string {
	t.Helper()
	d := &described{map[string]string{}}
	_, err := NewMetrics(d)
	require.NoError(t, err)
	require.NotEmpty(t, d.metrics)
	return d.metrics
}

var metricRow = regexp.MustCompile("(?m)^\\| `(errata_[a-z_]+)` \\| (\\w+) \\|([^|]*)\\|")

func TestThePageHasEveryMetric(t *testing.T) {
	named := map[string]string{}
	for _, row := range metricRow.FindAllStringSubmatch(section(t, operationsPage(t), "Metrics"), -1) {
		labels := strings.Fields(strings.NewReplacer("`", "", ",", "").Replace(row[3]))
		named[row[1]] = strings.Join(append([]string{row[2]}, labels...), " ")
	}
	require.Equal(t, registered(t), named)
}

// Alert rules that name a metric which does not exist never fire.
func TestAlertRulesNameMetricsThatExist(t *testing.T) {
	files, err := filepath.Glob("../deploy/prometheus/*.rules.yml")
	require.NoError(t, err)
	require.Len(t, files, 2)
	var names []string
	for _, file := range files {
		rules, err := os.ReadFile(file)
		require.NoError(t, err)
		found := regexp.MustCompile(`\berrata_[a-z_]+`).FindAllString(string(rules), -1)
		require.NotEmpty(t, found, file)
		names = append(names, found...)
	}
	known := registered(t)
	for _, name := range names {
		if histogram := strings.TrimSuffix(name, "_count"); known[histogram] == "histogram" {
			continue
		}
		require.Contains(t, slices.Collect(maps.Keys(known)), name)
	}
}

// TestAlertRulesWithPromtool: the rules mean what their tests say.
func TestAlertRulesWithPromtool(t *testing.T) {
	promtool := alerttest.Binary(t, "promtool")
	for _, arguments := range [][]string{
		{"check", "rules", "errata.rules.yml", "vendors.rules.yml"},
		{"test", "rules", "vendors.test.yml"},
	} {
		cmd := exec.CommandContext(t.Context(), promtool, arguments...)
		cmd.Dir = "../deploy/prometheus"
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

var (
	message  = regexp.MustCompile(`Msg\("((?:[^"\\]|\\.)*)"`)
	sentence = regexp.MustCompile(`health\.set\([^,]+, "((?:[^"\\]|\\.)*)"`)
)

// What is logged, and what /readyz says, is on the page.
func TestThePageHasEverySentence(t *testing.T) {
	page, code := operationsPage(t), source(t)
	for _, pattern := range []*regexp.Regexp{message, sentence} {
		found := pattern.FindAllStringSubmatch(code, -1)
		require.NotEmpty(t, found)
		for _, text := range found {
			require.True(t, strings.Contains(page, strings.TrimSpace(text[1])), "not on the page: %q", text[1])
		}
	}
}

// Whatever the page quotes is said somewhere. Capital letters stand for what is filled in.
func TestThePageQuotesTheCode(t *testing.T) {
	page, code := operationsPage(t), source(t)
	code = regexp.MustCompile(`"\s*\+\s*"`).ReplaceAllString(code, "") // long sentences are cut in the source
	code = strings.ReplaceAll(code, `"+p.String()+"`, "%s")
	for _, heading := range []string{"What /readyz says", "Halted partitions", "What the log says besides"} {
		sentences := quoted(section(t, page, heading))
		require.NotEmpty(t, sentences, heading)
		for _, text := range sentences {
			text, _, _ = strings.Cut(text, "…")
			pattern := regexp.MustCompile(`\b[A-Z](/[A-Z])?\b`).ReplaceAllString(text, "\x00")
			pattern = regexp.QuoteMeta(pattern)
			pattern = strings.ReplaceAll(pattern, `\[`+"\x00, \x00"+`\)`, `(\[%d, %d\)|%s)`)
			pattern = strings.ReplaceAll(pattern, "\x00", `%[a-z]`)
			pattern = strings.TrimSuffix(pattern, "1m") // a duration
			require.True(t, regexp.MustCompile(pattern).MatchString(code), "%s: nobody says %q", heading, pattern)
		}
	}
}
