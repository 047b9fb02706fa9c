package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// alertRow is one alert as `alert check` prints it.
type alertRow struct {
	State       alert.State       `json:"state"`
	Labels      map[string]string `json:"labels"`
	Since       storage.Time      `json:"since"`
	FiredAt     *storage.Time     `json:"fired_at"`
	ResolvedAt  *storage.Time     `json:"resolved_at"`
	Evidence    alert.Evidence    `json:"evidence"`
	Annotations map[string]string `json:"annotations"`
}

func newAlertCheck() *cobra.Command {
	var a alerting
	q := question{since: "1h"}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Evaluate the rules once: what is pending, firing, just resolved; exit code 3 when something fires",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return alertCheck(cmd, &a, &q)
		},
	}
	a.registerRules(cmd)
	q.clickhouse.Register(cmd.Flags())
	q.display.RegisterFormat(cmd.Flags())
	cmd.Flags().StringVar(&q.to, "at", "", "evaluate as of this instant: 2026-11-20T14:00:00Z, or 6h for six hours ago (default: now)")
	return cmd
}

func alertCheck(cmd *cobra.Command, a *alerting, q *question) error {
	file, err := a.readRules()
	if err != nil {
		return err
	}
	return q.run(cmd, func(ctx context.Context, db *storage.DB, p printer) error {
		answer, err := a.check(ctx, db, file, q.filter.To)
		if err != nil {
			return err
		}
		if err := show(p, alertColumns(), &answer, shown{whole: &answer}); err != nil {
			return err
		}
		if slices.ContainsFunc(answer.Rows, func(r alertRow) bool { return r.State == alert.Firing }) {
			return cli.ErrFiring
		}
		return nil
	})
}

func (a *alerting) check(ctx context.Context, db *storage.DB, file *alert.File, now time.Time) (storage.Answer[alertRow], error) {
	answer := storage.Answer[alertRow]{Rows: []alertRow{}, Notes: []string{}, From: storage.Time{Time: now}, To: storage.Time{Time: now}}
	engine, err := a.engine(db, file)
	if err != nil {
		return answer, err
	}
	result, err := engine.Evaluate(ctx, now)
	if err != nil {
		return answer, err
	}
	if !result.CompleteUntil.IsZero() {
		answer.CompleteUntil = &storage.Time{Time: result.CompleteUntil}
	}
	if result.NoData != "" {
		answer.Notes = append(answer.Notes, result.NoData)
	}
	for i := range result.Alerts {
		row, err := describe(ctx, engine, &result.Alerts[i], now)
		if err != nil {
			return answer, err
		}
		answer.Rows = append(answer.Rows, row)
	}
	if len(answer.Rows) == 0 {
		answer.Notes = append(answer.Notes, plural(len(file.Rules), "rule")+", nothing pending or firing")
	}
	return answer, nil
}

func describe(ctx context.Context, engine *alert.Engine, a *alert.Alert, now time.Time) (alertRow, error) {
	evidence, err := engine.Evidence(ctx, a, now)
	return alertRow{
		State: a.State, Labels: a.Labels, Since: storage.Time{Time: a.Episode.Since}, FiredAt: instant(a.Episode.Fired),
		ResolvedAt: instant(a.Episode.Resolved), Evidence: evidence, Annotations: a.Annotations(evidence),
	}, err
}

// instant is null for a time that has not come.
func instant(t time.Time) *storage.Time {
	if t.IsZero() {
		return nil
	}
	return &storage.Time{Time: t}
}

func alertColumns() []render.Column[alertRow] {
	label := func(name string) func(alertRow) any { return func(r alertRow) any { return r.Labels[name] } }
	return []render.Column[alertRow]{
		{Name: "state", Tone: stateTone},
		{Name: "alertname", Title: "RULE", Value: label("alertname")},
		{Name: "severity", Value: label("severity"), Priority: 3},
		{Name: "about", Value: alertAbout},
		{Name: "since", Kind: render.Time},
		{Name: "count", Kind: render.Number, Value: func(r alertRow) any { return r.Evidence.Count }, Priority: 1},
		{Name: "expected", Kind: render.Number, Value: func(r alertRow) any { return r.Evidence.Expected }, Place: render.RawOnly},
		{Name: "codes", Kind: render.List, Value: func(r alertRow) any { return r.Evidence.Codes }, Priority: 2, MinWidth: 16},
		{Name: "what", Place: render.Wrap, MinWidth: 60, Value: func(r alertRow) any { return r.Evidence.What }},
		{Name: "query", Place: render.RawOnly, Value: func(r alertRow) any { return r.Evidence.Query }},
	}
}

// alertAbout is what the alert is about: the labels that tell it from others of its rule.
func alertAbout(r alertRow) any {
	var parts []string
	for _, name := range []string{"vendor", "service", "environment", "credential", "endpoint", "scope", "status", "code", "category"} {
		if value := r.Labels[name]; value != "" {
			parts = append(parts, value)
		}
	}
	return strings.Join(parts, " ")
}

func stateTone(r alertRow) render.Tone {
	switch r.State {
	case alert.Firing:
		return render.ToneBad
	case alert.Pending:
		return render.ToneWarn
	default:
		return render.ToneGood
	}
}
