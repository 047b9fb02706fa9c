package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/storage"
)

// lagging are the settings of ingest lag.
type lagging struct {
	settings
	display config.Display
	watch   time.Duration
}

func newLag() *cobra.Command {
	var l lagging
	cmd := &cobra.Command{
		Use:   "lag",
		Short: "Show how far the group has come in each partition",
		Long: `lag asks Kafka how far the consumer group has come: what the log of each partition holds, the offset that is committed
(everything below has its row in ClickHouse), the records behind it, and the insert that is under way (granted). It joins no
group, changes nothing and needs no ClickHouse. A topic that does not exist is named after the others' lines, with exit code 1.`,
		Example: `  ingest lag --brokers kafka:9092
  ingest lag --watch 5s
  ingest lag -o json | jq .lag`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd) },
	}
	l.kafka.Register(cmd.Flags())
	l.group.Register(cmd.Flags())
	l.display.RegisterFormat(cmd.Flags())
	cmd.Flags().DurationVar(&l.watch, "watch", 0, "print again and again, so often, until interrupted")
	return cmd
}

func (l *lagging) run(cmd *cobra.Command) error {
	if len(l.kafka.Brokers) == 0 {
		return errNoCluster
	}
	options, err := l.options()
	if err != nil {
		return err
	}
	for {
		positions, missing := pipeline.Positions(cmd.Context(), options)
		if missing != nil && len(positions) == 0 {
			return missing
		}
		if err := l.print(cmd, options.Group, positions); err != nil || l.watch <= 0 {
			return errors.Join(missing, err)
		}
		if missing != nil {
			cli.Note(cmd.ErrOrStderr(), "%v", missing)
		}
		if err := sleep(cmd.Context(), l.watch); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lagReport is what lag prints as JSON.
type lagReport struct {
	Group      string       `json:"group"`
	At         storage.Time `json:"at"`
	Lag        int64        `json:"lag"`
	Partitions []lagRow     `json:"partitions"`
}

// lagRow is one partition.
type lagRow struct {
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	LogStart  int64     `json:"log_start"`
	LogEnd    int64     `json:"log_end"`
	Committed *int64    `json:"committed"` // nil = nothing yet
	Lag       int64     `json:"lag"`
	Grant     *lagGrant `json:"grant,omitempty"`
	Problem   string    `json:"problem,omitempty"`
}

// lagGrant is an insert that was permitted and is not acknowledged.
type lagGrant struct {
	Start    int64        `json:"start"`
	End      int64        `json:"end"`
	Attempt  int          `json:"attempt"`
	Deadline storage.Time `json:"deadline"`
	Insert   string       `json:"insert"`
}

func (l *lagging) print(cmd *cobra.Command, group string, positions []pipeline.Position) error {
	report := lagReport{Group: group, At: storage.Time{Time: time.Now()}, Partitions: make([]lagRow, len(positions))}
	for i, p := range positions {
		report.Partitions[i] = newLagRow(p)
		report.Lag += p.Lag()
	}
	return show(cmd, l.display, lagColumns(), report.Partitions, report)
}

func newLagRow(p pipeline.Position) lagRow {
	row := lagRow{Topic: p.Topic, Partition: p.Partition, LogStart: p.LogStart, LogEnd: p.LogEnd, Lag: p.Lag()}
	if p.Committed >= 0 {
		row.Committed = &p.Committed
	}
	if g := p.Grant; p.Open {
		row.Grant = &lagGrant{g.Start, g.End, g.Attempt, storage.Time{Time: time.Unix(g.Deadline, 0)}, g.Insert}
	}
	switch {
	case p.Note != nil:
		row.Problem = p.Note.Error()
	case p.Committed > p.LogEnd:
		row.Problem = "committed past the end of the log: was the topic re-created?"
	case p.Committed >= 0 && p.Committed < p.LogStart:
		row.Problem = "Kafka has deleted records that were not ingested"
	}
	return row
}

func lagColumns() []render.Column[lagRow] {
	return []render.Column[lagRow]{
		{Name: "topic"},
		{Name: "partition", Kind: render.Number},
		{Name: "log_start", Kind: render.Number, Priority: 2},
		{Name: "log_end", Kind: render.Number, Priority: 1},
		{Name: "committed", Kind: render.Number},
		{Name: "lag", Kind: render.Number},
		{Name: "grant_end", Title: "GRANTED TO", Kind: render.Number, Priority: 3, Value: func(r lagRow) any {
			if r.Grant == nil {
				return nil
			}
			return r.Grant.End
		}},
		{Name: "problem", Place: render.Wrap, Tone: func(lagRow) render.Tone { return render.ToneBad }},
	}
}
