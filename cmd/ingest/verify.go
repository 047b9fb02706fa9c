package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/pipeline/verify"
	"github.com/errata-dev/errata/storage"
)

// verification are the settings of ingest verify.
type verification struct {
	settings
	display config.Display
	limit   int
	all     bool
}

func newVerify() *cobra.Command {
	var v verification
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare the topic with ClickHouse, record by record",
		Long: `verify reads the topic and compares it with the table: that every record has exactly one row, and that it is the row of
that record (by the checksum of its value). It does so while traffic flows, below the offset that the group has committed,
and changes nothing. Both sides are summed up for each 65,536 offsets; only where the sums differ are single records compared.

Records that are so old that retention may have deleted their rows are left out, and so are known gaps (table gaps), which
it lists. Offsets without a record (transaction markers, aborted transactions, compaction) are no difference.

Exit code 0: equal. 1: they differ, or the comparison failed.`,
		Example: `  ingest verify --brokers kafka:9092 --clickhouse clickhouse://errata_operator@clickhouse:9000/errata
  ingest verify --topic payments-responses -o json | jq '.findings'
  ingest verify && echo complete`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return v.run(cmd) },
	}
	v.registerLook(cmd.Flags(), &v.display)
	cmd.Flags().IntVar(&v.limit, "limit", 100, "list at most so many runs of faulty offsets; the sums count all")
	cmd.Flags().BoolVar(&v.all, "all", false, "compare from the start of the log, also what retention may have deleted from the table")
	return cmd
}

func (v *verification) run(cmd *cobra.Command) (err error) {
	d, err := openDesk(cmd.Context(), v.settings, cli.Read, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	var since time.Time
	if !v.all {
		if since, err = d.kept(cmd.Context()); err != nil {
			return err
		}
	}
	report, err := d.verify(cmd, since, v.limit)
	if err != nil {
		return err
	}
	if err := show(cmd, v.display, verifyColumns(), report.Partitions, report); err != nil {
		return err
	}
	notes := report.Notes
	if v.display.Output != "json" {
		notes = append(report.lines(), notes...)
	}
	if err := render.WriteNotes(cmd.ErrOrStderr(), notes); err != nil {
		return err
	}
	return report.verdict()
}

// verifyReport is what verify prints as JSON.
type verifyReport struct {
	Source     string            `json:"source"`
	Group      string            `json:"group"`
	Since      *storage.Time     `json:"since"` // records stamped before were left out; nil = none were
	Equal      bool              `json:"equal"`
	Partitions []partitionReport `json:"partitions"`
	Findings   []verify.Finding  `json:"findings"`
	Cut        int               `json:"cut"` // runs that the limit left out
	Notes      []string          `json:"notes"`

	older     int64 // offsets before Since
	replaying bool
}

// partitionReport is one row of the answer.
type partitionReport struct {
	Topic      string              `json:"topic"`
	Partition  int32               `json:"partition"`
	From       int64               `json:"from"`
	To         int64               `json:"to"`
	Records    int64               `json:"records"`
	Rows       int64               `json:"rows"`
	Missing    int64               `json:"missing"`
	Surplus    int64               `json:"surplus"`
	Different  int64               `json:"different"`
	Unreadable int64               `json:"unreadable"`
	Expired    int64               `json:"expired"`
	InGaps     int64               `json:"in_gaps"`
	Gaps       []storage.StoredGap `json:"gaps"`
}

func verifyColumns() []render.Column[partitionReport] {
	number := func(name string) render.Column[partitionReport] {
		return render.Column[partitionReport]{Name: name, Kind: render.Number}
	}
	fault := func(name string, value func(partitionReport) int64) render.Column[partitionReport] {
		c := number(name)
		c.Tone = func(p partitionReport) render.Tone {
			if value(p) > 0 {
				return render.ToneBad
			}
			return render.ToneGood
		}
		return c
	}
	return []render.Column[partitionReport]{
		{Name: "topic"},
		number("partition"), number("from"), number("to"), number("records"), number("rows"),
		fault("missing", func(p partitionReport) int64 { return p.Missing }),
		fault("surplus", func(p partitionReport) int64 { return p.Surplus }),
		fault("different", func(p partitionReport) int64 { return p.Different }),
		{Name: "unreadable", Kind: render.Number, Priority: 2},
		{Name: "in_gaps", Kind: render.Number, Priority: 1},
	}
}

// verify compares what is stamped since then of all partitions, and lists up to limit runs of faulty offsets.
func (d *desk) verify(cmd *cobra.Command, since time.Time, limit int) (*verifyReport, error) {
	ctx := cmd.Context()
	positions, err := d.positions(ctx)
	if err != nil {
		return nil, err
	}
	r := &verifyReport{Source: d.source, Group: d.options.Group, Partitions: []partitionReport{}, Findings: []verify.Finding{}, Notes: []string{}}
	if !since.IsZero() {
		r.Since = &storage.Time{Time: since}
	}
	if r.replaying, err = d.replaying(ctx); err != nil {
		return nil, err
	}
	if r.replaying {
		r.note("a replay is under way or was interrupted; until ingest replay has finished it, its rows are surplus")
	}
	scopes, err := d.scopes(ctx, positions, since)
	if err != nil {
		return nil, err
	}
	return r, d.compare(cmd, r, scopes, limit)
}

// compare goes through the scopes, with a bar.
func (d *desk) compare(cmd *cobra.Command, r *verifyReport, scopes []scope, limit int) error {
	var total, done int64
	for _, s := range scopes {
		total += s.span.Len()
	}
	bar := cli.Bar(cmd.ErrOrStderr(), total, "comparing")
	defer cli.Finish(bar)
	v := &verify.Verifier{
		Log: d.cluster, Table: d.store.DB, Source: d.source,
		Found: func(f verify.Finding) { r.add(f, limit) },
		Progress: func(n int64) {
			done += n
			cli.Advance(bar, done)
		},
	}
	if r.Since != nil {
		v.Oldest = r.Since.UnixMilli()
	}
	r.Equal = true
	for _, s := range scopes {
		if err := d.compareOne(cmd.Context(), r, v, s); err != nil {
			return err
		}
	}
	r.finish()
	return nil
}

func (d *desk) compareOne(ctx context.Context, r *verifyReport, v *verify.Verifier, s scope) error {
	found, err := v.Partition(ctx, s.partition, s.span)
	if err != nil {
		return err
	}
	r.Equal = r.Equal && found.Faults() == 0
	r.older += s.span.From - s.position.LogStart
	r.Partitions = append(r.Partitions, partitionReport{
		Topic: s.partition.Topic, Partition: s.partition.ID, From: s.span.From, To: s.span.To,
		Records: found.Records, Rows: found.Rows,
		Missing: found.Missing, Surplus: found.Surplus, Different: found.Different, Unreadable: found.Unreadable,
		Expired: found.Expired, InGaps: found.InGaps, Gaps: append([]storage.StoredGap{}, found.Gaps...),
	})
	for _, g := range found.Gaps {
		r.note("known gap: %s [%d, %d), %s, found at %s", s.partition, g.From, g.To, g.Kind, g.FoundAt.UTC().Format(time.RFC3339))
	}
	if s.position.Committed < 0 {
		r.note("%s: group %s has committed nothing, so there is nothing to compare", s.partition, r.Group)
	}
	if s.position.Committed > s.position.LogEnd {
		r.note("%s: the group has committed offset %d, but the log ends at %d: was the topic re-created?", s.partition, s.position.Committed, s.position.LogEnd)
	}
	if found.Deleted > 0 {
		r.note("%s: Kafka deleted %s offsets while they were being compared", s.partition, cli.Count(found.Deleted))
	}
	return nil
}

func (r *verifyReport) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// add keeps a finding if there is room.
func (r *verifyReport) add(f verify.Finding, limit int) {
	if len(r.Findings) >= limit {
		r.Cut++
		return
	}
	r.Findings = append(r.Findings, f)
}

func (r *verifyReport) finish() {
	slices.SortStableFunc(r.Findings, func(a, b verify.Finding) int {
		if a.Topic != b.Topic {
			return strings.Compare(a.Topic, b.Topic)
		}
		if a.Partition != b.Partition {
			return int(a.Partition - b.Partition)
		}
		return int(min(max(a.From-b.From, -1), 1))
	})
	var expired int64
	for _, p := range r.Partitions {
		expired += p.Expired
	}
	if n := r.older + expired; n > 0 {
		r.note("%s offsets before %s were not compared: retention may have deleted their rows", cli.Count(n), r.Since.UTC().Format(time.RFC3339))
	}
}

// lines are the findings as a person reads them.
func (r *verifyReport) lines() []string {
	list := make([]string, 0, len(r.Findings)+1)
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s: %s/%d [%d, %d), %s", f.Kind, f.Topic, f.Partition, f.From, f.To, cli.Count(f.Rows)))
	}
	if r.Cut > 0 {
		list = append(list, fmt.Sprintf("%s more; raise --limit to see them", cli.Count(int64(r.Cut))))
	}
	return list
}

// verdict is nil when both sides are equal.
func (r *verifyReport) verdict() error {
	if r.Equal {
		return nil
	}
	var missing, surplus, different, unreadable int64
	for _, p := range r.Partitions {
		missing, surplus, different, unreadable = missing+p.Missing, surplus+p.Surplus, different+p.Different, unreadable+p.Unreadable
	}
	return fmt.Errorf("topic and table differ: %s records without a row, %s rows too many, %s rows of another record, %s offsets unreadable; see what ingest repair would do, then mend it with ingest repair --yes",
		cli.Count(missing), cli.Count(surplus), cli.Count(different), cli.Count(unreadable))
}
