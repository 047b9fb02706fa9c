package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/parsers/proof"
)

func newVendorsCheck() *cobra.Command {
	var ingest config.Ingest
	var more extra
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Prove definitions by the cases beside them, and explain every miss",
		Long: `check runs the cases of each definition in DIR: <name>/vendor.toml with <name>/testdata/*.txtar, or DIR itself when it
holds a vendor.toml. It prints a line for each definition: how many cases, and in how many the code, the message, the
category, the retry advice and the sub-errors came out right. What is wrong goes to standard error with the reason, such
as "envelope acme.error did not match: member ` + "`error.code`" + ` is absent". A definition needs two look-alikes that it leaves alone
(not_*.txtar), a case for each envelope, and a case or a line of testdata/codes.txt for each documented code.
The columns generic and unparsed are the shares of the errors that a public format read, and that nothing read.
It exits with 1 when a case or a count is wrong, with 2 when a definition cannot be read.`,
		Example: `  ingest vendors check our-vendors
  ingest vendors check our-vendors/acme`,
		Args: cli.Args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return checkVendors(cmd, ingest, append(args, ".")[0], more)
		},
	}
	ingest.RegisterParsing(cmd.Flags())
	cmd.Flags().StringArrayVar(&more.cases, "cases", nil, "directory of further cases, which belong to no definition; repeatable")
	cmd.Flags().StringArrayVar(&more.measured, "measured", nil, "directory of cases that are scored, and whose misses are no faults; repeatable")
	return cmd
}

// extra are directories of cases that belong to no definition.
type extra struct{ cases, measured []string }

func (e extra) run(r *parsers.Registry) []proof.Report {
	var reports []proof.Report
	for _, dir := range e.cases {
		reports = append(reports, proof.Directory(r, os.DirFS(dir), "*.txtar", filepath.Base(dir)))
	}
	for _, dir := range e.measured {
		reports = append(reports, proof.Measure(r, os.DirFS(dir), "*.txtar", filepath.Base(dir)))
	}
	return reports
}

func checkVendors(cmd *cobra.Command, ingest config.Ingest, dir string, more extra) error {
	root, folders, err := definitions(dir)
	if err != nil {
		return err
	}
	ingest.Vendors = append(ingest.Vendors, root)
	r, err := registry(ingest, [32]byte{})
	if err != nil {
		return err
	}
	var reports []proof.Report
	for _, folder := range folders {
		reports = append(reports, proof.Definition(r, os.DirFS(root), folder))
	}
	reports = append(reports, more.run(r)...)
	faults := 0
	for _, report := range reports {
		faults += len(report.Faults)
		for _, f := range report.Faults {
			cli.Note(cmd.ErrOrStderr(), "%s", render.Escape(f.File)+": "+strings.ReplaceAll(f.Text, "\n", "\n  "))
		}
	}
	err = printTable(cmd, reportColumns(), append(reports, total(reports)))
	if faults > 0 {
		err = errors.Join(err, fmt.Errorf("faults in %s: %d", dir, faults))
	}
	return err
}

// definitions finds the folders with a vendor.toml: dir itself, or those in it.
func definitions(dir string) (root string, folders []string, err error) {
	if _, err := os.Stat(filepath.Join(dir, "vendor.toml")); err == nil {
		whole, err := filepath.Abs(dir)
		return filepath.Dir(whole), []string{filepath.Base(whole)}, err
	}
	files, err := fs.Glob(os.DirFS(dir), "*/vendor.toml")
	if err == nil && len(files) == 0 {
		err = cli.Usagef("%s holds no definition: neither vendor.toml nor <name>/vendor.toml; `ingest vendors new NAME --dir %s` starts one", dir, dir)
	}
	for _, file := range files {
		folders = append(folders, filepath.Dir(file))
	}
	return dir, folders, err
}

// total sums the reports.
func total(reports []proof.Report) proof.Report {
	sum := proof.Report{Name: "total"}
	for _, r := range reports {
		sum.Cases += r.Cases
		sum.LookAlikes += r.LookAlikes
		sum.Vendor += r.Vendor
		sum.Generic += r.Generic
		sum.Unparsed += r.Unparsed
		sum.Faults = append(sum.Faults, r.Faults...)
		for i := range r.Scores {
			sum.Scores[i].Right += r.Scores[i].Right
			sum.Scores[i].Of += r.Scores[i].Of
		}
	}
	return sum
}

func reportColumns() []render.Column[proof.Report] {
	columns := []render.Column[proof.Report]{
		{Name: "definition", Value: func(r proof.Report) any { return r.Name }},
		{Name: "cases", Kind: render.Number, Value: func(r proof.Report) any { return r.Cases }},
	}
	for i, member := range proof.Members {
		columns = append(columns, render.Column[proof.Report]{Name: member, Value: func(r proof.Report) any {
			return fmt.Sprintf("%d/%d", r.Scores[i].Right, r.Scores[i].Of)
		}})
	}
	return append(columns,
		render.Column[proof.Report]{Name: "look_alikes", Kind: render.Number, Value: func(r proof.Report) any { return r.LookAlikes }},
		render.Column[proof.Report]{Name: "generic", Kind: render.Percent, Value: func(r proof.Report) any { return share(r.Generic, r) }},
		render.Column[proof.Report]{Name: "unparsed", Kind: render.Percent, Value: func(r proof.Report) any { return share(r.Unparsed, r) }},
		render.Column[proof.Report]{Name: "faults", Kind: render.Number, Value: func(r proof.Report) any { return len(r.Faults) }},
	)
}

// share is the part of a report's errors; null without any.
func share(n int, r proof.Report) any {
	all := r.Vendor + r.Generic + r.Unparsed
	if all == 0 {
		return nil
	}
	return float64(n) / float64(all)
}
