package alert

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/storage"
)

// ReadFile reads a rules file. Its error lists every fault with file, line and key.
func ReadFile(path string) (*File, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("rules file: %w", err)
	}
	return Decode(path, raw)
}

// Decode reads the text of a rules file; path is named in faults.
func Decode(path string, raw []byte) (*File, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	d := &decoder{path: path}
	f := &File{Path: path}
	if len(document.Content) == 0 {
		d.fault(1, "the file is empty: `query alert init` writes one to start from")
		return nil, d.err()
	}
	root := d.mapping(document.Content[0], "the file")
	f.Targets = d.targets(root.take("notify"))
	f.Known = each(root, "known", d.known)
	f.Rules = each(root, "rules", d.rule)
	root.required("rules", "[{name: spike, kind: spike}]")
	root.close()
	d.checkNames(f.Rules)
	return f, d.err()
}

// each decodes the entries of a list.
func each[T any](m *mapping, key string, decode func(*yaml.Node) T) []T {
	node := m.take(key)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		m.fault(node.Line, "key %q: want a list of one or more", key)
		return nil
	}
	list := make([]T, 0, len(node.Content))
	for _, item := range node.Content {
		list = append(list, decode(resolve(item)))
	}
	return list
}

// checkNames: the name is the alert's identity for whoever receives it.
func (d *decoder) checkNames(rules []Rule) {
	lines := map[string]int{}
	for _, r := range rules {
		if first, twice := lines[r.Name]; twice && r.Name != "" {
			d.fault(r.Line, "name %q: the rule in line %d has it already", r.Name, first)
			continue
		}
		lines[r.Name] = r.Line
	}
}

// The defaults of a rule.
const (
	defaultKeepFiring = 5 * time.Minute
	defaultWindow     = 5 * time.Minute
	maxWindow         = 24 * time.Hour
)

func (d *decoder) rule(node *yaml.Node) Rule {
	m := d.mapping(node, "a rule")
	r := Rule{Line: node.Line, Name: m.text("name"), Kind: Kind(m.choice("kind", "", kinds()...))}
	m.required("name", "error-spike")
	m.required("kind", string(KindSpike))
	r.Filter = m.filter()
	r.By = m.by(r.Kind)
	r.For = scalar(m, "for", 0, duration)
	r.KeepFiringFor = scalar(m, "keep_firing_for", defaultKeepFiring, duration)
	r.Datapoints = scalar(m, "datapoints", Datapoints{1, 1}, datapoints)
	r.Severity = m.choice("severity", "warning", "info", "warning", "critical")
	r.Labels = m.labels()
	r.Annotations = m.annotations()
	m.thresholds(&r)
	m.close()
	return r
}

func (m *mapping) filter() storage.Filter {
	f := storage.Filter{
		Vendors: m.texts("vendor"), Services: m.texts("service"), Environments: m.texts("environment"),
		Endpoints: m.texts("endpoint"), Statuses: m.texts("status"), Codes: m.texts("code"), Categories: m.texts("category"),
		Sources: m.texts("source"),
	}
	f.From, f.To = time.Unix(0, 0), time.Unix(1, 0)
	var usage *storage.UsageError
	if err := f.Check(); errors.As(err, &usage) {
		m.fault(m.values[usage.Field].Line, "key %q: cannot use %q; valid: %s", usage.Field, usage.Value, strings.Join(usage.Valid, ", "))
	}
	return f
}

// by is what a rule of a kind can tell apart.
func (m *mapping) by(kind Kind) []string {
	valid := map[Kind][]string{
		KindSpike: {"vendor", "status", "code"}, KindNewCode: {"vendor", "code"},
		KindCount:  {"vendor", "service", "environment", "endpoint", "status", "code", "category"},
		KindStorm:  {"vendor", "service", "endpoint"},
		KindLimit:  {"vendor", "service", "credential", "scope"},
		KindRate:   {"vendor", "service", "environment", "endpoint"},
		KindSilent: {"vendor", "service", "environment"}, KindUnparsed: {"vendor", "service", "environment"},
	}[kind]
	by := m.texts("by")
	if by == nil {
		by = []string{"vendor"}
		if kind == KindNewCode {
			by = []string{"vendor", "code"}
		}
	}
	for _, name := range by {
		if valid != nil && !slices.Contains(valid, name) {
			m.fault(m.values["by"].Line, "key \"by\": a rule of kind %s cannot tell %q apart; valid: %s", kind, name, strings.Join(valid, ", "))
		}
	}
	return by
}

// label is the form that Prometheus allows; what starts with __ is its own.
var label = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// reserved are labels that errata sets.
var reserved = []string{"alertname", "severity", "vendor", "service", "environment", "endpoint", "status", "code", "category", "credential", "scope"}

func (m *mapping) labels() map[string]string {
	labels := map[string]string{}
	m.entries("labels", func(name string, value *yaml.Node) {
		switch {
		case !label.MatchString(name) || strings.HasPrefix(name, "__"):
			m.fault(value.Line, "key \"labels\": %q is no label name: letters, digits and _, no digit first", name)
		case slices.Contains(reserved, name):
			m.fault(value.Line, "key \"labels\": %q is set by errata; choose another name", name)
		}
		labels[name] = value.Value
	})
	return labels
}

func (m *mapping) annotations() map[string]*template.Template {
	annotations := map[string]*template.Template{}
	m.entries("annotations", func(name string, value *yaml.Node) {
		parsed, err := parseTemplate(name, value.Value)
		if err != nil {
			m.fault(value.Line, "key \"annotations\": %q: %w", name, err)
		}
		annotations[name] = parsed
	})
	return annotations
}

// entries calls f for each entry of a mapping of texts.
func (m *mapping) entries(key string, f func(name string, value *yaml.Node)) {
	node := m.take(key)
	if node == nil {
		return
	}
	inner := m.mapping(node, "key \""+key+"\"")
	for _, name := range inner.keys {
		value := inner.take(name)
		if value.Kind != yaml.ScalarNode {
			m.fault(value.Line, "key %q: %q: want a plain value", key, name)
		}
		f(name, value)
	}
}

// thresholds reads the keys that only some kinds have, so that a key which would have no effect is a fault.
func (m *mapping) thresholds(r *Rule) {
	switch r.Kind {
	case KindSpike:
		r.MinCount = scalar(m, "min_count", 0, count)
		r.Lift = scalar(m, "lift", 0, ratio)
	case KindNewCode:
		r.MinCount = scalar(m, "min_count", 3, count)
	case KindRate:
		m.required("above", "5%")
		r.Above = scalar(m, "above", 0, share)
		r.MinVolume = scalar(m, "min_volume", 100, count)
	case KindUnparsed:
		r.Above = scalar(m, "above", 0.2, share)
		r.MinVolume = scalar(m, "min_volume", 20, count)
	case KindCount:
		m.required("above", "50")
		r.Above = float64(scalar(m, "above", 0, count))
	case KindSilent:
		r.MinVolume = scalar(m, "min_volume", 20, count)
	case KindStorm:
		r.MinCount = scalar(m, "min_count", 20, count)
	case KindLimit:
		r.MinCount = scalar(m, "min_count", 3, count)
		r.Above = scalar(m, "above", 0, share)
	}
	switch r.Kind {
	case KindRate, KindCount, KindUnparsed:
		r.Window = scalar(m, "window", defaultWindow, wholeMinutes)
	case KindSilent:
		r.Window = scalar(m, "window", 3*defaultWindow, wholeMinutes)
	}
}

func (d *decoder) known(node *yaml.Node) Known {
	m := d.mapping(node, "a known error")
	k := Known{Line: node.Line, Vendor: m.text("vendor"), Reason: m.text("reason")}
	if code := m.take("code"); code != nil {
		k.Code = m.quoted("code", code)
	}
	k.Until = scalar(m, "until", time.Time{}, func(text string) (time.Time, error) {
		return config.ParseInstant(text, time.Time{}, time.UTC)
	})
	m.required("vendor", "truelayer")
	m.required("until", "2027-01-31")
	m.required("reason", "agreed with the vendor")
	m.close()
	return k
}

func (d *decoder) targets(node *yaml.Node) Targets {
	if node == nil {
		return Targets{}
	}
	m := d.mapping(node, "notify")
	t := Targets{
		Stdout:        scalar(m, "stdout", false, strconv.ParseBool),
		Alertmanagers: m.texts("alertmanagers"),
		Webhooks:      each(m, "webhooks", d.webhook),
		Slack:         each(m, "slack", func(n *yaml.Node) Secret { return d.secret(n, "url", "slack") }),
	}
	for _, target := range t.Alertmanagers {
		d.checkURL(m.values["alertmanagers"].Line, "alertmanagers", target)
	}
	m.close()
	return t
}

func (d *decoder) webhook(node *yaml.Node) Webhook {
	m := d.mapping(node, "a webhook")
	w := Webhook{Line: node.Line, URL: m.text("url"), Secret: m.secret("secret")}
	m.required("url", "https://hooks.example.com/errata")
	d.checkURL(node.Line, "url", w.URL)
	m.close()
	return w
}

func (d *decoder) secret(node *yaml.Node, key, what string) Secret {
	m := d.mapping(node, what)
	s := m.secret(key)
	if s == (Secret{Line: node.Line}) {
		d.fault(node.Line, "%s: give `%s_file: /path` or `%s_env: NAME`", what, key, key)
	}
	m.close()
	return s
}

// secret reads KEY_file and KEY_env: a secret itself never stands in the rules.
func (m *mapping) secret(key string) Secret {
	s := Secret{File: m.text(key + "_file"), Env: m.text(key + "_env"), Line: m.line}
	if s.File != "" && s.Env != "" {
		m.fault(m.line, "give %q or %q, not both", key+"_file", key+"_env")
	}
	return s
}
