package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/verify"
	"github.com/errata-dev/errata/storage"
)

// repairing are the settings of ingest repair.
type repairing struct {
	settings
	display config.Display
	yes     bool
	replace bool
}

func newRepair() *cobra.Command {
	var r repairing
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Mend what verify lists",
		Long: `repair compares as ingest verify does and shows what it would do about each difference; with --yes it does it:

  missing     the records are ingested again, by the same protocol, under the consumer group GROUP.repair
  surplus     the copies are deleted; one row stays
  different   nothing, or with --replace: the row is deleted and the record ingested again
  unreadable  nothing: the log itself is damaged

Only offsets below what the live group has committed are touched, so it may run while traffic flows. It compares again at the
end. The user needs the right ALTER DELETE on responses to delete.`,
		Example: `  ingest repair                shows what it would do
  ingest repair --yes
  ingest repair --yes --replace`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	r.registerLook(cmd.Flags(), &r.display)
	r.registerErrand(cmd.Flags())
	cmd.Flags().BoolVar(&r.yes, "yes", false, "do it; without, only show what would be done")
	cmd.Flags().BoolVar(&r.replace, "replace", false, "replace rows whose checksum is not their record's")
	return cmd
}

// planned bounds how many runs of faulty offsets one repair mends.
const planned = 100_000

func (r *repairing) run(cmd *cobra.Command) (err error) {
	access := cli.Read
	if r.yes {
		access = cli.Write
	}
	d, err := openDesk(cmd.Context(), r.settings, access, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	since, err := d.kept(cmd.Context())
	if err != nil {
		return err
	}
	report, err := d.verify(cmd, since, planned)
	if err != nil {
		return err
	}
	plan := r.plan(report)
	if err := show(cmd, r.display, planColumns(), plan.Steps, plan); err != nil {
		return err
	}
	switch {
	case report.Equal:
		cli.Note(cmd.ErrOrStderr(), "nothing to repair: topic and table are equal")
		return nil
	case !r.yes:
		cli.Note(cmd.ErrOrStderr(), "nothing was changed: --yes does it")
		return nil
	}
	if report.replaying {
		return errors.New("a replay is under way or was interrupted: let ingest replay finish it first")
	}
	if err := r.mend(cmd, d, report); err != nil {
		return err
	}
	after, err := d.verify(cmd, since, planned)
	if err != nil {
		return fmt.Errorf("compare again: %w", err)
	}
	if err := after.verdict(); err != nil {
		return fmt.Errorf("after the repair: %w", err)
	}
	cli.Note(cmd.ErrOrStderr(), "repaired: topic and table are equal")
	return nil
}

// step is what is done about one finding.
type step struct {
	verify.Finding
	Action string `json:"action"`
}

// plan is what repair prints as JSON.
type plan struct {
	Source string `json:"source"`
	Group  string `json:"group"`
	DryRun bool   `json:"dry_run"`
	Steps  []step `json:"steps"`
	Cut    int    `json:"cut"`
}

func (r *repairing) plan(report *verifyReport) plan {
	p := plan{Source: report.Source, Group: report.Group, DryRun: !r.yes, Steps: make([]step, len(report.Findings)), Cut: report.Cut}
	for i, f := range report.Findings {
		p.Steps[i] = step{f, r.action(f.Kind)}
	}
	return p
}

func (r *repairing) action(kind verify.Kind) string {
	switch {
	case kind == verify.Missing:
		return "ingest again"
	case kind == verify.Surplus:
		return "delete the copies"
	case kind == verify.Different && r.replace:
		return "delete and ingest again"
	case kind == verify.Different:
		return "none without --replace"
	}
	return "none: the log is damaged"
}

func planColumns() []render.Column[step] {
	return []render.Column[step]{
		{Name: "kind"},
		{Name: "topic"},
		{Name: "partition", Kind: render.Number},
		{Name: "from", Kind: render.Number},
		{Name: "to", Kind: render.Number},
		{Name: "rows", Kind: render.Number},
		{Name: "action"},
	}
}

// mend deletes first: what is deleted to be replaced is missing then.
func (r *repairing) mend(cmd *cobra.Command, d *desk, report *verifyReport) error {
	var absent []verify.Finding
	for _, f := range report.Findings {
		switch {
		case f.Kind == verify.Missing:
			absent = append(absent, f)
		case f.Kind == verify.Surplus:
			if err := d.deleteSurplus(cmd, f); err != nil {
				return err
			}
		case f.Kind == verify.Different && r.replace:
			if err := d.deleteAll(cmd, f); err != nil {
				return err
			}
			absent = append(absent, f)
		}
	}
	for _, spans := range rounds(absent, report) {
		e := errand{group: d.options.Group + ".repair", source: d.source, what: "ingesting again", spans: spans}
		for _, span := range spans {
			e.rows += span.Len()
		}
		if err := d.run(cmd.Context(), r.settings, e, cmd.ErrOrStderr()); err != nil {
			return err
		}
	}
	return nil
}

func partitionOf(f verify.Finding) fetch.Partition {
	return fetch.Partition{Topic: f.Topic, ID: f.Partition}
}

// eachBucket calls do for pieces of [from, to) that one statement can hold.
func eachBucket(from, to int64, do func(from, to int64) error) error {
	for ; from < to; from += storage.BucketSize {
		if err := do(from, min(to, from+storage.BucketSize)); err != nil {
			return err
		}
	}
	return nil
}

func (d *desk) deleteSurplus(cmd *cobra.Command, f verify.Finding) error {
	return eachBucket(f.From, f.To, func(from, to int64) error {
		n, err := d.table(partitionOf(f)).DeleteSurplus(cmd.Context(), d.stream(partitionOf(f)), from, to)
		if n > 0 {
			cli.Note(cmd.ErrOrStderr(), "deleted %s copies of %s [%d, %d)", cli.Count(n), partitionOf(f), from, to)
		}
		return err
	})
}

func (d *desk) deleteAll(cmd *cobra.Command, f verify.Finding) error {
	return eachBucket(f.From, f.To, func(from, to int64) error {
		offsets := make([]int64, 0, to-from)
		for o := from; o < to; o++ {
			offsets = append(offsets, o)
		}
		return d.table(partitionOf(f)).DeleteOffsets(cmd.Context(), d.stream(partitionOf(f)), offsets)
	})
}

// near is how many offsets are rather read in vain than a run of its own is begun for: joining a group takes
// a second or more.
const near = 1 << 20

// rounds groups the findings into bounded runs, each with at most one span for a partition. A span reaches
// over rows that are there, which are skipped, but never over known gaps, which would be filled, nor over a
// batch that cannot be read, which would halt it.
func rounds(findings []verify.Finding, report *verifyReport) []map[fetch.Partition]fetch.Span {
	spans := map[fetch.Partition][]fetch.Span{}
	for _, f := range findings {
		p := partitionOf(f)
		list := spans[p]
		if n := len(list); n > 0 && f.From-list[n-1].To < near && !report.broken(p, list[n-1].To, f.From) {
			list[n-1].To = max(list[n-1].To, f.To)
			continue
		}
		spans[p] = append(list, fetch.Span{From: f.From, To: f.To})
	}
	var all []map[fetch.Partition]fetch.Span
	for p, list := range spans {
		for n, span := range list {
			if n == len(all) {
				all = append(all, map[fetch.Partition]fetch.Span{})
			}
			all[n][p] = span
		}
	}
	return all
}

// broken tells whether something in [from, to) must not be read.
func (r *verifyReport) broken(p fetch.Partition, from, to int64) bool {
	for _, f := range r.Findings {
		if f.Kind == verify.Unreadable && partitionOf(f) == p && f.From < to && f.To > from {
			return true
		}
	}
	for _, part := range r.Partitions {
		if part.Topic != p.Topic || part.Partition != p.ID {
			continue
		}
		for _, g := range part.Gaps {
			if g.From < to && g.To > from {
				return true
			}
		}
	}
	return false
}
