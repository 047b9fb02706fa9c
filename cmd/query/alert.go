package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

func newAlert() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alert",
		Short: "Page on error codes that spike, and only then: rules, a dry run over the past, delivery",
		Long: `alert evaluates rules over the stored responses: spikes of a code, codes never seen before, error rates, counts, retry
storms, rate-limit windows, vendors that fall silent, bodies that nothing explains.

Nothing is remembered between two evaluations: each one walks the recent rows anew, so that a restarted instance and a
second one agree. Without --rules the rules that "query alert init" writes are used.`,
		Example: `  query alert init errata-alerts.yaml                         rules to start from
  query alert backtest --rules errata-alerts.yaml --since 7d   when would they have paged?
  query alert check --rules errata-alerts.yaml                 is anything firing? exit code 3 if so
  query alert run --rules errata-alerts.yaml                   page`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAlertInit(), newAlertLint(), newAlertCheck(), newAlertRun(), newAlertBacktest())
	return cmd
}

// alerting is what the subcommands have in common.
type alerting struct {
	rules string
	grace time.Duration
}

func (a *alerting) registerRules(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.rules, "rules", "", "YAML file of alert rules (default: the rules that \"query alert init\" writes)")
	cmd.Flags().DurationVar(&a.grace, "grace", alert.DefaultGrace, "how long responses may take to be stored: younger minutes are not judged complete")
}

func (a *alerting) readRules() (*alert.File, error) {
	read := func() (*alert.File, error) { return alert.ReadFile(a.rules) }
	if a.rules == "" {
		read = func() (*alert.File, error) { return alert.Decode("default rules", alert.DefaultFile) }
	}
	file, err := read()
	if err != nil {
		return nil, cli.Usagef("%w", err)
	}
	return file, nil
}

// engine evaluates the rules against a store.
func (a *alerting) engine(db *storage.DB, file *alert.File) (*alert.Engine, error) {
	registry, err := parsers.New(parsers.Options{})
	if err != nil {
		return nil, err
	}
	advice := func(vendor string, status int, code string) string {
		known, _ := registry.Advice(vendor, status, code)
		return known.Advice
	}
	return &alert.Engine{DB: db, Rules: file, Grace: a.grace, Advice: advice}, nil
}

func newAlertInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented file of rules that is useful as it stands",
		Long:  "init writes alert rules to FILE, which must not exist yet, or to standard output.",
		Args:  cli.Args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := cmd.OutOrStdout().Write(alert.DefaultFile)
				return err
			}
			if err := writeNew(args[0], alert.DefaultFile); err != nil {
				return err
			}
			cli.Note(cmd.ErrOrStderr(), "wrote %s; next: query alert backtest --rules %s --since 7d", args[0], args[0])
			return nil
		},
	}
}

// writeNew writes a file that is not there yet.
func writeNew(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if os.IsExist(err) {
		return cli.Usagef("%s exists already: choose another name, or remove it first", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func newAlertLint() *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE…",
		Short: "Check files of rules",
		Long:  "lint reads files of rules, prints every fault with file, line and key, and reminds of known errors whose time is over.",
		Args:  cli.Args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var faults []string
			for _, path := range args {
				file, err := alert.ReadFile(path)
				if err != nil {
					faults = append(faults, err.Error())
					continue
				}
				lintNotes(cmd, file)
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, no fault\n", path, plural(len(file.Rules), "rule")); err != nil {
					return err
				}
			}
			if len(faults) > 0 {
				return cli.Usagef("%s", strings.Join(faults, "\n"))
			}
			return nil
		},
	}
}

// lintNotes tells what is no fault but worth knowing.
func lintNotes(cmd *cobra.Command, file *alert.File) {
	for _, k := range file.Known {
		if !time.Now().Before(k.Until) {
			cli.Note(cmd.ErrOrStderr(), "%s:%d: the time of this known error is over since %s", file.Path, k.Line, k.Until.Format(time.DateOnly))
		}
	}
	if file.Targets.Empty() {
		cli.Note(cmd.ErrOrStderr(), "%s: nobody is told: there is no `notify`", file.Path)
	}
}

func plural(n int, what string) string { return cli.Plural(int64(n), what) }
