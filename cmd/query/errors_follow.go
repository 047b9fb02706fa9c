package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// follow is `query errors --follow`.
type follow struct {
	on       bool
	interval time.Duration
}

func (f *follow) register(flags *pflag.FlagSet) {
	flags.BoolVarP(&f.on, "follow", "f", false, "go on with the rows that are stored from now on, until interrupted")
	f.interval = time.Second
	flags.Var(config.Interval(&f.interval, 100*time.Millisecond), "interval", "with --follow: look for new rows every so often")
}

func (f *follow) run(cmd *cobra.Command, q *question, o storage.ErrorsOptions) error {
	if cmd.Flags().Changed("to") || cmd.Flags().Changed("watch") {
		return cli.Usagef("--follow has no end and asks by itself: leave out --to and --watch")
	}
	p, err := q.printer(cmd)
	if err != nil {
		return err
	}
	stream, err := render.NewStream(p.out, errorColumns(o.Kind), p.options)
	if err != nil {
		return cli.Usagef("--follow: %w", err)
	}
	store, err := openStore(cmd, q.clickhouse, cli.Read)
	if err != nil {
		return err
	}
	err = kept(cmd.Context(), store, func() error { return f.follow(cmd, store.DB, stream, q.filter, o) })
	return asUsage(errors.Join(err, store.Close()))
}

// follow prints what is there, and then what comes. A server that cannot be reached for a while is told of once, and
// asked again.
func (f *follow) follow(cmd *cobra.Command, db *storage.DB, stream *render.Stream[storage.ErrorRow], filter storage.Filter, o storage.ErrorsOptions) error {
	ctx := cmd.Context()
	follower, first, err := db.FollowErrors(ctx, filter, o)
	if err != nil {
		return err
	}
	slices.Reverse(first.Rows)
	if err := stream.Write(first.Rows); err != nil {
		return err
	}
	for lost := false; ; {
		rows, more, err := follower.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, storage.ErrUnreachable):
			if !lost {
				cli.Note(cmd.ErrOrStderr(), "note: %v; asking again", err)
			}
		case err != nil:
			return err
		case len(rows) > 0:
			if err := stream.Write(rows); err != nil {
				return err
			}
		}
		lost = err != nil
		if more {
			continue
		}
		if err := pause(ctx, f.interval); err != nil {
			return err
		}
	}
}

// pause waits, or tells why it did not.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
