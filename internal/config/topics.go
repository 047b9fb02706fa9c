package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// formats are the names of the record formats, as package parsers has them.
var formats = []string{"auto", "errata", "otel", "otlp_json", "otlp_proto", "envoy", "nginx", "har"}

// topics is a list flag of topics, each with the format of its records or without: NAME[=FORMAT].
type topics struct {
	names   *[]string
	formats *map[string]string
	given   bool // the default is gone
}

// Topics makes a flag of the two targets: the topics' names, and the formats of those that state one.
func Topics(names *[]string, byName *map[string]string, value ...string) pflag.Value {
	*names = value
	return &topics{names: names, formats: byName}
}

func (t *topics) Type() string   { return "name[=format]" }
func (t *topics) String() string { return "[" + strings.Join(t.GetSlice(), ",") + "]" }

// Set adds topics, comma-separated; the first call replaces the default.
func (t *topics) Set(value string) error {
	list := strings.Split(value, ",")
	if t.given {
		list = append(t.GetSlice(), list...)
	}
	return t.Replace(list)
}

// Append adds one topic.
func (t *topics) Append(value string) error { return t.Replace(append(t.GetSlice(), value)) }

// Replace takes a whole list.
func (t *topics) Replace(list []string) error {
	names, byName := make([]string, 0, len(list)), map[string]string{}
	for _, entry := range list {
		name, format, stated := strings.Cut(strings.TrimSpace(entry), "=")
		if stated && !contains(formats, format) {
			return fmt.Errorf("topic %s: the format must be one of %s%s", name, strings.Join(formats, ", "), suggestion(format, formats))
		}
		if stated {
			byName[name] = format
		}
		names = append(names, name)
	}
	*t.names, *t.formats, t.given = names, byName, true
	return nil
}

// GetSlice returns the list as it was given.
func (t *topics) GetSlice() []string {
	list := make([]string, 0, len(*t.names))
	for _, name := range *t.names {
		if format, stated := (*t.formats)[name]; stated {
			name += "=" + format
		}
		list = append(list, name)
	}
	return list
}
