package config

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// settingsFile is a YAML file of settings: one mapping, keys are flag names.
type settingsFile struct {
	path    string
	entries map[string]entry
}

type entry struct {
	line   int
	values []string
}

func readFile(path string) (*settingsFile, error) {
	file := &settingsFile{path: path, entries: map[string]entry{}}
	if path == "" {
		return file, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return file, nil
	}
	return file, file.read(doc.Content[0])
}

func (s *settingsFile) read(root *yaml.Node) error {
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: want a mapping of settings, such as `brokers: [localhost:9092]`", s.path, root.Line)
	}
	var faults []error
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		values, err := scalars(value)
		switch _, twice := s.entries[key.Value]; {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s:%d: key %q: %w", s.path, value.Line, key.Value, err))
		case twice:
			faults = append(faults, fmt.Errorf("%s:%d: key %q: given twice", s.path, key.Line, key.Value))
		default:
			s.entries[key.Value] = entry{line: key.Line, values: values}
		}
	}
	return errors.Join(faults...)
}

func scalars(node *yaml.Node) ([]string, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		return []string{node.Value}, nil
	case yaml.SequenceNode:
		values := make([]string, 0, len(node.Content))
		for _, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: want a plain value", item.Line)
			}
			values = append(values, item.Value)
		}
		return values, nil
	default:
		return nil, errors.New("want a value or a list of values")
	}
}

// check refuses keys that no command knows.
func (s *settingsFile) check() error {
	known := keys()
	var faults []error
	for key, e := range s.entries {
		if !contains(known, key) {
			faults = append(faults, fmt.Errorf("%s:%d: unknown key %q%s; valid keys: %s",
				s.path, e.line, key, suggestion(key, known), strings.Join(known, ", ")))
		}
	}
	sort.Slice(faults, func(i, j int) bool { return faults[i].Error() < faults[j].Error() })
	return errors.Join(faults...)
}

// keys lists every setting that may stand in a file.
func keys() []string {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(Kafka).Register(fs)
	new(Group).Register(fs)
	new(ClickHouse).Register(fs)
	new(Log).Register(fs)
	new(Ingest).Register(fs)
	new(Retention).Register(fs)
	new(Retention).RegisterDisk(fs)
	new(Display).Register(fs)
	var names []string
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}
