// Package config says where settings come from: a flag, else the environment variable ERRATA_<FLAG>,
// else the YAML file, else the default. A setting has one name in all three: `--clickhouse-user`,
// `ERRATA_CLICKHOUSE_USER`, `clickhouse-user: …`. One file serves both commands.
//
// It knows names and types, not meanings: it never dials and never reads a secret by itself. Passwords
// have no flag (a flag is seen in the process list) and no key in the file; they come from the
// environment or from a file of their own.
package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// EnvPrefix starts the environment variable of every flag.
const EnvPrefix = "ERRATA_"

// EnvName is the environment variable of a flag: "clickhouse-user" → "ERRATA_CLICKHOUSE_USER".
func EnvName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// LookupEnv reads one environment variable; os.LookupEnv in production.
type LookupEnv func(name string) (string, bool)

// Apply fills every flag of fs that was not given on the command line from the environment, else from the
// file. An empty path means no file. Errors name the variable, or the file, line and key, and what is valid.
func Apply(fs *pflag.FlagSet, env LookupEnv, path string) error {
	file, err := readFile(path)
	if err != nil {
		return err
	}
	if err := file.check(); err != nil {
		return err
	}
	var failed error
	fs.VisitAll(func(f *pflag.Flag) {
		if failed == nil && !f.Changed {
			failed = applyOne(f, env, file)
		}
	})
	return failed
}

func applyOne(f *pflag.Flag, env LookupEnv, file *settingsFile) error {
	name := EnvName(f.Name)
	if value, ok := env(name); ok {
		if err := set(f, splitFor(f, value)); err != nil {
			return fmt.Errorf("environment variable %s: %w", name, err)
		}
		return nil
	}
	entry, ok := file.entries[f.Name]
	if !ok {
		return nil
	}
	if err := set(f, entry.values); err != nil {
		return fmt.Errorf("%s:%d: key %q: %w", file.path, entry.line, f.Name, err)
	}
	return nil
}

// set gives a flag its values; a list flag takes them all, any other exactly one.
func set(f *pflag.Flag, values []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.Replace(values)
	}
	if len(values) != 1 {
		return fmt.Errorf("takes one value, not a list of %d", len(values))
	}
	if err := f.Value.Set(values[0]); err != nil {
		return fmt.Errorf("invalid value %q: %w (%s)", values[0], Reason(err), f.Usage)
	}
	return nil
}

// Reason says what is wrong with the value of a flag; Go's own parsers would name one of their functions.
func Reason(err error) error {
	var number *strconv.NumError
	switch {
	case errors.Is(err, strconv.ErrRange):
		return errors.New("out of range")
	case errors.As(err, &number) && number.Func == "ParseBool":
		return errors.New("want true or false")
	case errors.As(err, &number) && number.Func == "ParseFloat":
		return errors.New("want a number")
	case errors.As(err, &number):
		return errors.New("want a whole number")
	case strings.HasPrefix(err.Error(), "time: "):
		return errors.New("want a duration such as 500ms, 30s or 5m")
	}
	return err
}

func splitFor(f *pflag.Flag, value string) []string {
	if _, list := f.Value.(pflag.SliceValue); !list {
		return []string{value}
	}
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}

// Secret returns a secret from the environment variable of name ("clickhouse-password" →
// ERRATA_CLICKHOUSE_PASSWORD), else from the file at path, without its last line end; "" when neither is set.
func Secret(name, path string, env LookupEnv) (string, error) {
	if value, ok := env(EnvName(name)); ok {
		return value, nil
	}
	if path == "" {
		return "", nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--%s-file: %w", name, err)
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}
