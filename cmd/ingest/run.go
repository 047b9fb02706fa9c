package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func newRun() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Consume response logs from Kafka until stopped",
		Long: `run joins the consumer group, reads response logs from the topics and writes them to ClickHouse until it is
stopped with SIGTERM or Ctrl-C; then it delivers what it has read, commits and leaves the group. Run as many as you
like with the same --group: they share the partitions. Offsets are committed only after ClickHouse has acknowledged.
A topic that does not exist is named in the log and by /readyz, and read when it appears; one of them must exist.

The ClickHouse server must have been prepared with ingest migrate; the embedded one is prepared by itself.`,
		Example: `  ingest run --brokers kafka-1:9092,kafka-2:9092 --clickhouse clickhouse://errata@clickhouse:9000/errata
  ingest run --brokers kafka:9093 --kafka-tls --kafka-sasl scram-sha-512 --kafka-user errata --kafka-password-file /run/secrets/kafka
  ingest run --broker-listen 127.0.0.1:9092        a broker and a ClickHouse of its own, for trying out`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), cmd, s)
		},
	}
	s.register(cmd.Flags())
	return cmd
}

func run(ctx context.Context, cmd *cobra.Command, s settings) (err error) {
	st, err := openStation(ctx, s, cmd.ErrOrStderr(), nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // asked to end before it began
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if st.broker != nil {
		st.log.Info().Str("address", st.broker.Addr()).Strs("topics", s.kafka.Topics).Msg("embedded broker is listening; its records live as long as this process")
	}
	// The HTTP server outlives the ingester, so that the last seconds of a stop can still be watched.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, serving := errgroup.WithContext(serving)
	if s.ingest.Listen != "" {
		group.Go(func() error { return serve(serving, s.ingest.Listen, st) })
	}
	group.Go(func() error {
		defer stop()
		return st.ingester.Run(either(ctx, serving))
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	stats := st.ingester.Stats()
	st.log.Info().Int64("records", stats.Records).Int64("errors", stats.Errors).Int64("dead_letters", stats.DeadLetters).Msg("stopped")
	return nil
}

// either is done when one of both is.
func either(a, b context.Context) context.Context {
	ctx, cancel := context.WithCancel(a)
	context.AfterFunc(b, cancel)
	return ctx
}
