// Package cli is what the two commands share: exit codes, signals, settings, logs and how they reach
// ClickHouse and Kafka. It answers no question and moves no record.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/storage"
)

// Exit codes of both commands; 0 is success, an empty answer included.
const (
	ExitFailure        = 1
	ExitUsage          = 2
	ExitFiring         = 3
	ExitAuthentication = 4
	ExitInterrupted    = 130
)

// ErrFiring ends a check that found something firing. It has been told already.
var ErrFiring = errors.New("something is firing")

// ErrUsage marks an error in how the command was called or configured.
var ErrUsage = errors.New("usage")

// Usagef is a usage error with its text.
func Usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

type usageError struct{ error }

func (usageError) Is(target error) bool { return target == ErrUsage }
func (e usageError) Unwrap() error      { return e.error }

// Main runs the root command until it ends or a signal interrupts it, prints an error as one line, and
// returns the exit code.
func Main(root *cobra.Command, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, ErrFiring) {
		return ExitFiring
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return ExitInterrupted
	}
	err = asUnknownCommand(root, err)
	Note(root.ErrOrStderr(), "%s: %v", root.Name(), err)
	return exitCode(err)
}

// asUnknownCommand makes cobra's complaint about a command that is none a usage error in one line.
func asUnknownCommand(root *cobra.Command, err error) error {
	var word string
	if _, scanErr := fmt.Sscanf(err.Error(), "unknown command %q for", &word); scanErr != nil || errors.Is(err, ErrUsage) {
		return err
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	if near := config.Nearest(word, names); near != "" {
		return Usagef("unknown command %q (did you mean %q?)", word, near)
	}
	return Usagef("unknown command %q (see %q)", word, root.Name()+" --help")
}

func exitCode(err error) int {
	switch {
	case errors.Is(err, ErrUsage):
		return ExitUsage
	case isAuthentication(err):
		return ExitAuthentication
	default:
		return ExitFailure
	}
}

// Root makes a root command with the manners of both: settings from flags, environment and file, no
// usage dump after an error, usage errors told apart from failures.
func Root(use, short, long string) *cobra.Command {
	root := &cobra.Command{
		Use: use, Short: short, Long: long,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetHelpFunc(help)
	cobra.EnableCommandSorting = false // the order in which they were added says more than the alphabet
	config.InSection(root.PersistentFlags(), config.SectionSettings, addConfig)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			return Usagef("--%s: invalid value %q: %w (see %q)", invalid.GetFlag().Name, invalid.GetValue(), config.Reason(invalid.Unwrap()), cmd.CommandPath()+" --help")
		}
		return Usagef("%w (see %q)", err, cmd.CommandPath()+" --help")
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return applySettings(cmd.Flags())
	}
	return root
}

func addConfig(fs *pflag.FlagSet) {
	fs.String("config", "", "YAML file of settings, keys named as the flags (default: errata.yaml in the user's configuration directory, if there is one)")
}

// Args turns cobra's complaint about positional arguments into a usage error.
func Args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return Usagef("%w (see %q)", err, cmd.CommandPath()+" --help")
		}
		return nil
	}
}

func applySettings(fs *pflag.FlagSet) error {
	path, err := settingsPath(fs)
	if err != nil {
		return err
	}
	if err := config.Apply(fs, os.LookupEnv, path); err != nil {
		return Usagef("%w", err)
	}
	return nil
}

func settingsPath(fs *pflag.FlagSet) (string, error) {
	path, err := fs.GetString("config")
	if err != nil {
		return "", fmt.Errorf("flag --config: %w", err)
	}
	if path != "" {
		return path, nil
	}
	if fromEnv, ok := os.LookupEnv(config.EnvName("config")); ok {
		return fromEnv, nil
	}
	usual := filepath.Join(xdg.ConfigHome, "errata", "errata.yaml")
	if _, err := os.Stat(usual); err == nil {
		return usual, nil
	}
	return "", nil
}

// Note writes one line for a person to standard error; standard output is for data.
func Note(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format+"\n", args...) //nolint:errcheck // a closed standard error must not fail a command whose data is fine
}

// Version is set by the release build; a build from a checkout says "devel" and its commit.
var Version = ""

func version() string {
	if Version != "" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel " + s.Value[:12]
		}
	}
	return "devel"
}

// isAuthentication tells whether a server refused who we are.
func isAuthentication(err error) bool {
	return errors.Is(err, storage.ErrAuthentication) || errors.Is(err, pipeline.ErrAuthentication)
}
