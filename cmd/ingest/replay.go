package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/verify"
	"github.com/errata-dev/errata/storage"
)

// replaying are the settings of ingest replay.
type replaying struct {
	settings
	display         config.Display
	since, from, to string
	yes             bool
}

func newReplay() *cobra.Command {
	var r replaying
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Read part of the topic again, and replace its rows",
		Long: `replay reads records again that the live group has ingested before, parses them anew, with the vendor definitions of today,
and replaces their rows. It shows what it would read; with --yes it does it.

The new rows are a generation of their own: their source is SOURCE~2 (~3, …), and verify, repair and lag take all generations
as one stream. A million offsets of each partition at a time, they are inserted under the group GROUP.replay.SOURCE by the
same protocol; then the older rows of those offsets are deleted. Until then answers count that part twice. No offset ever loses
its only row, and what was erased stays erased. A replay that was interrupted is finished by the next call.

The user needs the rights of ingest run, ALTER DELETE on responses and INSERT on meta.`,
		Example: `  ingest replay --since 2d                     shows what it would read
  ingest replay --since 2d --vendors ./our-vendors --yes
  ingest replay --from 2026-11-20T10:00:00Z --to 2026-11-20T12:00:00Z --yes`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	flags := cmd.Flags()
	r.registerLook(flags, &r.display)
	r.registerErrand(flags)
	flags.StringVar(&r.since, "since", "", "read what was stamped so long ago or later: 30m, 12h, 7d")
	flags.StringVar(&r.from, "from", "", "start of the range of records' timestamps, included: 2026-11-20, \"2026-11-20 14:00\", RFC 3339, or 6h for six hours ago")
	flags.StringVar(&r.to, "to", "", "end of the range, not included (default: what the group has committed)")
	flags.BoolVar(&r.yes, "yes", false, "do it; without, only show what would be read")
	return cmd
}

func (r *replaying) run(cmd *cobra.Command) (err error) {
	access := cli.Read
	if r.yes {
		access = cli.Write
	}
	from, to, err := r.between(time.Now())
	if err != nil {
		return err
	}
	d, err := openDesk(cmd.Context(), r.settings, access, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	replay, err := d.replay(cmd, from, to)
	if err != nil {
		return err
	}
	if err := show(cmd, r.display, replayColumns(), replay.Spans, replay); err != nil {
		return err
	}
	switch {
	case len(replay.Spans) == 0:
		cli.Note(cmd.ErrOrStderr(), "nothing to read in that range")
		return nil
	case !r.yes:
		cli.Note(cmd.ErrOrStderr(), "nothing was changed: --yes reads %s offsets again, as %s", cli.Count(offsetsOf(replay.Spans)), storage.GenerationName(d.source, replay.Generation))
		return nil
	}
	return r.replace(cmd, d, replay)
}

// between reads the range of timestamps. A zero to has no end.
func (r *replaying) between(now time.Time) (from, to time.Time, err error) {
	zone, err := time.LoadLocation(r.display.TZ)
	if err != nil {
		return from, to, cli.Usagef("--tz: unknown time zone %q", r.display.TZ)
	}
	if (r.since == "") == (r.from == "") {
		return from, to, cli.Usagef("say which records: give --since, or --from and perhaps --to")
	}
	if r.since != "" {
		since, err := config.ParseDuration(r.since)
		if err != nil {
			return from, to, cli.Usagef("--since: %w", err)
		}
		from = now.Add(-since)
	} else if from, err = config.ParseInstant(r.from, now, zone); err != nil {
		return from, to, cli.Usagef("--from: %w", err)
	}
	if r.to != "" {
		if to, err = config.ParseInstant(r.to, now, zone); err != nil {
			return from, to, cli.Usagef("--to: %w", err)
		}
		if !from.Before(to) {
			return from, to, cli.Usagef("the range is empty: it starts at %s and ends at %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
		}
	}
	return from, to, nil
}

// replay plans a new one, or takes up one that was interrupted.
func (d *desk) replay(cmd *cobra.Command, from, to time.Time) (storage.Replay, error) {
	ctx := cmd.Context()
	positions, err := d.positions(ctx)
	if err != nil {
		return storage.Replay{}, err
	}
	last, err := d.store.DB.LastReplay(ctx, d.source)
	if err != nil {
		return storage.Replay{}, err
	}
	if last != nil && !last.Done {
		cli.Note(cmd.ErrOrStderr(), "an earlier replay was interrupted: this one finishes it, whatever range was given")
		return *last, nil
	}
	kept, err := d.kept(ctx)
	if err != nil {
		return storage.Replay{}, err
	}
	if kept.After(from) { // older rows would have expired, and come back
		from = kept
	}
	scopes, err := d.scopes(ctx, positions, from)
	if err != nil {
		return storage.Replay{}, err
	}
	if err := d.cutEnds(ctx, scopes, to); err != nil {
		return storage.Replay{}, err
	}
	generation, err := d.store.DB.Generation(ctx, d.source)
	if err != nil {
		return storage.Replay{}, err
	}
	if last != nil {
		generation = max(generation, last.Generation)
	}
	r := storage.Replay{Generation: generation + 1, Spans: []storage.ReplaySpan{}}
	for _, s := range scopes {
		if err := d.plan(ctx, &r, s); err != nil {
			return r, err
		}
	}
	return r, nil
}

// cutEnds ends each scope at its first record that is stamped at or after to.
func (d *desk) cutEnds(ctx context.Context, scopes []scope, to time.Time) error {
	if to.IsZero() {
		return nil
	}
	partitions := make([]fetch.Partition, len(scopes))
	for i, s := range scopes {
		partitions[i] = s.partition
	}
	ends, err := d.cluster.Since(ctx, partitions, to)
	if err != nil {
		return err
	}
	for i, s := range scopes {
		if end := ends[s.partition]; end >= 0 {
			scopes[i].span.To = max(s.span.From, min(s.span.To, end))
		}
	}
	return nil
}

// plan adds the parts of a scope outside known gaps, which are not filled.
func (d *desk) plan(ctx context.Context, r *storage.Replay, s scope) error {
	if s.span.Len() <= 0 {
		return nil
	}
	gaps, err := d.store.DB.Gaps(ctx, d.stream(s.partition), s.span.From, s.span.To)
	if err != nil {
		return err
	}
	for _, part := range verify.Outside(s.span, gaps) {
		r.Spans = append(r.Spans, storage.ReplaySpan{Topic: s.partition.Topic, Partition: s.partition.ID, From: part.From, To: part.To})
	}
	return nil
}

func offsetsOf(spans []storage.ReplaySpan) (n int64) {
	for _, s := range spans {
		n += s.To - s.From
	}
	return n
}

func replayColumns() []render.Column[storage.ReplaySpan] {
	return []render.Column[storage.ReplaySpan]{
		{Name: "topic"},
		{Name: "partition", Kind: render.Number},
		{Name: "from", Kind: render.Number},
		{Name: "to", Kind: render.Number},
	}
}

// replace ingests the spans anew, part by part, and deletes the older rows of each part.
func (r *replaying) replace(cmd *cobra.Command, d *desk, replay storage.Replay) error {
	ctx := cmd.Context()
	group := d.options.Group + ".replay." + d.source
	if err := d.alone(ctx, group); err != nil {
		return err
	}
	if err := d.store.Ledger.RecordReplay(ctx, d.source, replay); err != nil {
		return err
	}
	for _, spans := range parts(replay.Spans) {
		e := errand{group: group, source: storage.GenerationName(d.source, replay.Generation), what: "reading again", spans: spans}
		for _, s := range spans {
			e.rows += s.Len()
		}
		if err := d.run(ctx, r.settings, e, cmd.ErrOrStderr()); err != nil {
			return fmt.Errorf("%w; the same command goes on from here", err)
		}
		for p, s := range spans {
			if err := d.table(p).DeleteReplaced(ctx, d.stream(p), replay.Generation, s.From, s.To); err != nil {
				return err
			}
		}
	}
	replay.Done = true
	if err := d.store.Ledger.RecordReplay(ctx, d.source, replay); err != nil {
		return err
	}
	cli.Note(cmd.ErrOrStderr(), "read %s offsets again, as %s", cli.Count(offsetsOf(replay.Spans)), storage.GenerationName(d.source, replay.Generation))
	return nil
}

// parts cuts the spans into rounds, each with at most one stretch of a million offsets of a partition.
func parts(spans []storage.ReplaySpan) []map[fetch.Partition]fetch.Span {
	var all []map[fetch.Partition]fetch.Span
	next := map[fetch.Partition]int{}
	for _, s := range spans {
		p := fetch.Partition{Topic: s.Topic, ID: s.Partition}
		for from := s.From; from < s.To; from += near {
			if next[p] == len(all) {
				all = append(all, map[fetch.Partition]fetch.Span{})
			}
			all[next[p]][p] = fetch.Span{From: from, To: min(s.To, from+near)}
			next[p]++
		}
	}
	return all
}
