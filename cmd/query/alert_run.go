package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/alert/notify"
	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/storage"
)

func newAlertRun() *cobra.Command {
	var a alerting
	var clickhouse config.ClickHouse
	var log config.Log
	var interval time.Duration
	var allowPrivate bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Evaluate the rules continuously and tell whoever the rules name",
		Long: `run evaluates the rules every few seconds and tells Alertmanagers, webhooks, Slack-compatible webhooks or standard output.

Run two of them if you like: what a webhook has been told is written to the table "notifications", so that it is told
once. Alertmanager is told again and again, as it asks of its clients. While ClickHouse does not answer, what fired
fires on, and an alert ErrataQueryFailing beside it; when ingestion stops, ErrataNoData.`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			reach := notify.PublicOnly
			if allowPrivate {
				reach = notify.Anywhere
			}
			return alertRun(cmd, &a, clickhouse, log, interval, reach)
		},
	}
	a.registerRules(cmd)
	clickhouse.Register(cmd.Flags())
	log.Register(cmd.Flags())
	cmd.Flags().DurationVar(&interval, "interval", 15*time.Second, "how often the rules are evaluated")
	cmd.Flags().BoolVar(&allowPrivate, "allow-private-targets", false, "let webhooks have private, loopback and link-local addresses (Alertmanagers may anyway)")
	return cmd
}

func alertRun(cmd *cobra.Command, a *alerting, clickhouse config.ClickHouse, l config.Log, interval time.Duration, reach notify.Reach) error {
	if interval < time.Second {
		return cli.Usagef("--interval: give a second or more")
	}
	log, err := cli.Logger(cmd.ErrOrStderr(), l)
	if err != nil {
		return err
	}
	file, err := a.readRules()
	if err != nil {
		return err
	}
	store, err := openStore(cmd, clickhouse, cli.Write)
	if err != nil {
		return err
	}
	go store.Keep(cmd.Context(), log)
	engine, err := a.engine(store.DB, file)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	engine.Hours = &storage.Hours{}
	host, err := os.Hostname()
	if err != nil {
		return errors.Join(err, store.Close())
	}
	router, err := notify.NewRouter(file.Targets, notify.Options{
		Reach: reach, Ledger: store.Ledger, Owner: fmt.Sprintf("%s/%d", host, os.Getpid()),
		Out: cmd.OutOrStdout(), Getenv: os.LookupEnv,
		OnError: func(err error) { log.Error().Err(err).Msg("a webhook was not told") },
	})
	if err != nil {
		return errors.Join(cli.Usagef("%s: %w", file.Path, err), store.Close())
	}
	if file.Targets.Empty() {
		log.Warn().Msg("the rules name nobody to tell: add `notify`")
	}
	log.Info().Int("rules", len(file.Rules)).Stringer("interval", interval).Msg("evaluating")
	runner := notify.Runner{Engine: engine, Router: router, Interval: interval, Log: log}
	return errors.Join(runner.Run(cmd.Context()), store.Close())
}
