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
	shards  *storage.Shards // to change something; nil when there is one server
	cluster *verify.Cluster
	options pipeline.Options // of the live group
	source  string
	now     time.Time // the server's clock
}

// errNoCluster is for commands that look at a topic: an embedded broker lives and dies with the command that
// runs it.
var errNoCluster = cli.Usagef("--brokers: name the Kafka cluster; the embedded broker of another command ends with that command")

// openDesk reaches both sides.
func openDesk(ctx context.Context, s settings, access cli.Access, stderr io.Writer) (d *desk, err error) {
	if len(s.kafka.Brokers) == 0 {
		return nil, errNoCluster
	}
	d = &desk{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.options, err = s.options(); err != nil {
		return d, err
	}
	if d.store, err = cli.OpenStore(ctx, s.clickhouse, access, stderr); err != nil {
		return d, err
	}
	if err = d.store.Check(ctx); err != nil {
		return d, err
	}
	if d.now, err = d.store.DB.ServerTime(ctx); err != nil {
		return d, err
	}
	if d.store.Cluster != nil && access == cli.Write {
		if d.shards, err = d.store.Cluster.OpenShards(ctx); err != nil {
			return d, err
		}
	}
	d.cluster = verify.Open(d.options)
	return d, nil
}

// table is where the rows of a partition can be changed.
func (d *desk) table(p fetch.Partition) *storage.DB {
	if d.shards == nil {
		return d.store.DB
	}
	return d.shards.List[d.shards.Placement.Shard(p.Topic, p.ID)].DB
}

func (d *desk) close() error {
	if d.cluster != nil {
		d.cluster.Close()
	}
	var faults []error
	if d.shards != nil {
		faults = append(faults, d.shards.Close())
	}
	if d.store != nil {
		faults = append(faults, d.store.Close())
	}
	return errors.Join(faults...)
}

// positions asks how far the live group is, and settles the name of the source.
func (d *desk) positions(ctx context.Context) ([]pipeline.Position, error) {
	positions, err := pipeline.Positions(ctx, d.options)
	if err != nil {
		return nil, err
	}
	if d.source = d.options.Source; d.source == "" {
		d.source, err = d.cluster.ID(ctx)
	}
	return positions, err
}

// replaying tells whether a replay is under way or was interrupted: some rows are there in two generations.
func (d *desk) replaying(ctx context.Context) (bool, error) {
	last, err := d.store.DB.LastReplay(ctx, d.source)
	return last != nil && !last.Done, err
}

// kept is the instant since which every record must still have its row. It is zero if rows are kept for ever.
func (d *desk) kept(ctx context.Context) (time.Time, error) {
	retention, err := d.store.Local.Retention(ctx)
	if err != nil {
		return time.Time{}, err
	}
	dropped, err := d.store.DB.DroppedUntil(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var since time.Time
	if days := retention.Shortest(); days > 0 {
		since = d.now.AddDate(0, 0, 1-int(days)) // a day of margin for clocks and time zones
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
func (d *desk) scopes(ctx context.Context, positions []pipeline.Position, since time.Time) ([]scope, error) {
	list := make([]scope, len(positions))
	partitions := make([]fetch.Partition, len(positions))
	for i, p := range positions {
		partitions[i] = fetch.Partition{Topic: p.Topic, ID: p.Partition}
		list[i] = scope{position: p, partition: partitions[i], span: fetch.Span{From: p.LogStart, To: max(p.LogStart, min(p.Committed, p.LogEnd))}}
	}
	if since.IsZero() {
		return list, nil
	}
	first, err := d.cluster.Since(ctx, partitions, since)
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
	s.ingest.RegisterFormat(flags)
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
func (d *desk) stream(p fetch.Partition) storage.Stream {
	return storage.Stream{Source: d.source, Topic: p.Topic, Partition: p.ID}
}
