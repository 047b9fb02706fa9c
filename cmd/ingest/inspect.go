package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/verify"
	"github.com/errata-dev/errata/storage"
)

// desk is what the commands have before them that look at a topic and at the table beside it.
type desk struct {
	store   *cli.Store
	cluster *verify.Cluster
	options pipeline.Options // of the live group
	source  string
	now     time.Time // the server's clock
}

// errNoCluster is for commands that look at a topic: an embedded broker lives and dies with the command that
// runs it.
var errNoCluster = cli.Usagef("--brokers: name the Kafka cluster; the embedded broker of another command ends with that command")

// openDesk reaches both sides.
func openDesk(ctx context.Context, s settings, access cli.Access, stderr io.Writer) (b *desk, err error) {
	if len(s.kafka.Brokers) == 0 {
		return nil, errNoCluster
	}
	b = &desk{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.options, err = s.options(); err != nil {
		return b, err
	}
	if b.store, err = cli.OpenStore(ctx, s.clickhouse, access, stderr); err != nil {
		return b, err
	}
	if err = b.store.DB.CheckSchema(ctx); err != nil {
		return b, err
	}
	if b.now, err = b.store.DB.ServerTime(ctx); err != nil {
		return b, err
	}
	b.cluster = verify.Open(b.options)
	return b, nil
}

func (b *desk) close() error {
	if b.cluster != nil {
		b.cluster.Close()
	}
	if b.store != nil {
		return b.store.Close()
	}
	return nil
}

// positions asks how far the live group is, and settles the name of the source.
func (b *desk) positions(ctx context.Context) ([]pipeline.Position, error) {
	positions, err := pipeline.Positions(ctx, b.options)
	if err != nil {
		return nil, err
	}
	if b.source = b.options.Source; b.source == "" {
		b.source, err = b.cluster.ID(ctx)
	}
	return positions, err
}

// kept is the instant since which every record must still have its row. It is zero if rows are kept for ever.
func (b *desk) kept(ctx context.Context) (time.Time, error) {
	retention, err := b.store.DB.Retention(ctx)
	if err != nil {
		return time.Time{}, err
	}
	dropped, err := b.store.DB.DroppedUntil(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var since time.Time
	if days := retention.Shortest(); days > 0 {
		since = b.now.AddDate(0, 0, 1-int(days)) // a day of margin for clocks and time zones
	}
	if !dropped.IsZero() && dropped.AddDate(0, 0, 2).After(since) {
		since = dropped.AddDate(0, 0, 2) // likewise
	}
	return since, nil
}

// scope is what of one partition can be compared.
type scope struct {
	position  pipeline.Position
	partition fetch.Partition
	span      fetch.Span
}

// scopes finds the part of each partition that stands still on both sides: below what the group has
// committed, at or after since. A zero since means from the start of the log.
func (b *desk) scopes(ctx context.Context, positions []pipeline.Position, since time.Time) ([]scope, error) {
	list := make([]scope, len(positions))
	partitions := make([]fetch.Partition, len(positions))
	for i, p := range positions {
		partitions[i] = fetch.Partition{Topic: p.Topic, ID: p.Partition}
		list[i] = scope{position: p, partition: partitions[i], span: fetch.Span{From: p.LogStart, To: max(p.LogStart, min(p.Committed, p.LogEnd))}}
	}
	if since.IsZero() {
		return list, nil
	}
	first, err := b.cluster.Since(ctx, partitions, since)
	if err != nil {
		return nil, err
	}
	for i := range list {
		from := first[list[i].partition]
		if from < 0 { // nothing so young
			from = list[i].span.To
		}
		list[i].span.From = min(max(list[i].span.From, from), list[i].span.To)
	}
	return list, nil
}

// registerLook adds the flags of a command that looks at both sides and prints what it sees.
func (s *settings) registerLook(flags *pflag.FlagSet, d *config.Display) {
	s.kafka.Register(flags)
	s.group.Register(flags)
	s.clickhouse.Register(flags)
	d.RegisterFormat(flags)
}

// registerErrand adds the flags of a command that ingests as well.
func (s *settings) registerErrand(flags *pflag.FlagSet) {
	s.ingest.RegisterParsing(flags)
	s.log.Register(flags)
	flags.Lookup("log-level").DefValue = "warn"
	s.log.Level = "warn"
}

// show prints rows in any format; whole is what JSON prints.
func show[R any](cmd *cobra.Command, d config.Display, columns []render.Column[R], rows []R, whole any) error {
	options, err := cli.RenderOptions(d, cmd.OutOrStdout(), time.Now())
	if err != nil {
		return err
	}
	table, err := render.NewTable(columns, rows)
	if err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return render.Write(cmd.OutOrStdout(), render.Answer{Table: table, Whole: whole}, options)
}

// stream is a partition as the table knows it.
func (b *desk) stream(p fetch.Partition) storage.Stream {
	return storage.Stream{Source: b.source, Topic: p.Topic, Partition: p.ID}
}
