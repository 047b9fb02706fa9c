package alert

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultFile(t *testing.T) {
	f, err := Decode("default", DefaultFile)
	require.NoError(t, err)
	var have []Kind
	for _, r := range f.Rules {
		have = append(have, r.Kind)
	}
	for _, kind := range kinds() {
		if Kind(kind) != KindCount {
			require.Contains(t, have, Kind(kind), "the file to start from shows every kind but the crudest")
		}
	}
}

// TestFaults: one mistake each, told with its line, its key and what is valid.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":              {"", "rules.yaml:1: the file is empty"},
		"no YAML":            {"rules: [", "rules.yaml: line 1"},
		"no mapping":         {"- a", "rules.yaml:1: the file: want a mapping"},
		"no rules":           {"notify: {stdout: true}", `rules.yaml:1: key "rules" is missing`},
		"no rule":            {"rules: []", `rules.yaml:1: key "rules": want a list of one or more`},
		"unknown key":        {"rules:\n- {name: a, kind: spike, sevrity: info}", `rules.yaml:2: unknown key "sevrity" (did you mean "severity"?); valid keys: name, kind,`},
		"key of other kind":  {"rules:\n- {name: a, kind: spike, window: 5m}", `rules.yaml:2: unknown key "window"`},
		"twice":              {"rules:\n- {name: a, name: b, kind: spike}", `rules.yaml:2: key "name": given twice`},
		"same name":          {"rules:\n- {name: a, kind: spike}\n- {name: a, kind: storm}", `rules.yaml:3: name "a": the rule in line 2 has it already`},
		"no name":            {"rules:\n- {kind: spike}", `rules.yaml:2: key "name" is missing`},
		"no kind":            {"rules:\n- {name: a}", `rules.yaml:2: key "kind" is missing`},
		"kind":               {"rules:\n- {name: a, kind: spikes}", `rules.yaml:2: key "kind": cannot use "spikes" (did you mean "spike"?); valid: spike, new_code`},
		"severity":           {"rules:\n- {name: a, kind: spike, severity: page}", `key "severity": cannot use "page"; valid: info, warning, critical`},
		"category":           {"rules:\n- {name: a, kind: spike, category: sever}", `rules.yaml:2: key "category": cannot use "sever"; valid: auth,`},
		"status":             {"rules:\n- name: a\n  kind: spike\n  status: 6xx", `rules.yaml:4: key "status": cannot use "6xx"`},
		"code not quoted":    {"rules:\n- {name: a, kind: spike, code: 0123}", `rules.yaml:2: key "code": put 0123 between quotes`},
		"by":                 {"rules:\n- {name: a, kind: storm, by: code}", `key "by": a rule of kind storm cannot tell "code" apart; valid: vendor, service, endpoint`},
		"for":                {"rules:\n- {name: a, kind: spike, for: soon}", `key "for": cannot read "soon"`},
		"datapoints":         {"rules:\n- {name: a, kind: spike, datapoints: 4 of 3}", `key "datapoints": cannot use "4 of 3": want minutes such as`},
		"share":              {"rules:\n- {name: a, kind: rate, above: 200%}", `key "above": cannot use "200%": want a share such as 5% or 0.05`},
		"no threshold":       {"rules:\n- {name: a, kind: rate}", `key "above" is missing, such as`},
		"window":             {"rules:\n- {name: a, kind: count, above: 5, window: 90s}", `key "window": cannot use 90s: want whole minutes`},
		"count":              {"rules:\n- {name: a, kind: count, above: -5}", `key "above": cannot use "-5": want a whole number, 1 or more`},
		"lift":               {"rules:\n- {name: a, kind: spike, lift: 1}", `key "lift": cannot use "1": want a number above 1`},
		"label name":         {"rules:\n- {name: a, kind: spike, labels: {a-b: c}}", `key "labels": "a-b" is no label name`},
		"label of ours":      {"rules:\n- {name: a, kind: spike, labels: {vendor: c}}", `key "labels": "vendor" is set by errata`},
		"template":           {"rules:\n- {name: a, kind: spike, annotations: {x: '{{ .Cuont }}'}}", `key "annotations": "x": template`},
		"template syntax":    {"rules:\n- {name: a, kind: spike, annotations: {x: '{{ .Count'}}", `key "annotations": "x": template`},
		"known without end":  {"rules: [{name: a, kind: spike}]\nknown:\n- {vendor: v, reason: r}", `rules.yaml:3: key "until" is missing`},
		"known code":         {"rules: [{name: a, kind: spike}]\nknown:\n- {vendor: v, reason: r, until: 2030-01-01, code: 12}", `rules.yaml:3: key "code": put 12 between quotes`},
		"known until":        {"rules: [{name: a, kind: spike}]\nknown:\n- {vendor: v, reason: r, until: whenever}", `rules.yaml:3: key "until": cannot read "whenever"`},
		"target URL":         {"rules: [{name: a, kind: spike}]\nnotify: {alertmanagers: [localhost:9093]}", `rules.yaml:2: key "alertmanagers": cannot use "localhost:9093": want http://host`},
		"password in a URL":  {"rules: [{name: a, kind: spike}]\nnotify: {webhooks: [{url: 'https://u:p@h/'}]}", `key "url": no user name or password in a URL`},
		"secret in the file": {"rules: [{name: a, kind: spike}]\nnotify: {webhooks: [{url: 'https://h/', secret: s3cr3t}]}", `unknown key "secret"`},
		"slack without URL":  {"rules: [{name: a, kind: spike}]\nnotify: {slack: [{}]}", "slack: give `url_file: /path` or `url_env: NAME`"},
		"two places":         {"rules: [{name: a, kind: spike}]\nnotify: {slack: [{url_file: a, url_env: B}]}", `give "url_file" or "url_env", not both`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode("rules.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

// TestAllFaultsAtOnce: whoever writes rules sees every mistake, not one a try.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := Decode("rules.yaml", []byte("rules:\n- {name: a, kind: spikes}\n- {name: b, kind: rate}\n"))
	require.Error(t, err)
	require.Len(t, strings.Split(err.Error(), "\n"), 2, err)
}

func FuzzDecode(f *testing.F) {
	f.Add(DefaultFile)
	f.Add([]byte("rules: [{name: a, kind: rate, above: 5%}]\nknown: [{vendor: v, code: \"1\", until: 2030-01-01, reason: r}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Decode("f", text)
		if err == nil && len(file.Rules) == 0 {
			t.Fatal("a file without rules is accepted")
		}
	})
}

// TestPageOfTheManual: what docs/alerting.md shows is a file of rules.
func TestPageOfTheManual(t *testing.T) {
	page, err := os.ReadFile("../../docs/alerting.md")
	require.NoError(t, err)
	var file strings.Builder
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		file.Write(block[1])
	}
	f, err := Decode("alerting.md", []byte(file.String()))
	require.NoError(t, err)
	require.Len(t, f.Rules, 1)
	require.Len(t, f.Known, 1)
	require.False(t, f.Targets.Empty())
}
