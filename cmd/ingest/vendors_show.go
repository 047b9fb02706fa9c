package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/parsers"
)

func newVendorsShow() *cobra.Command {
	var ingest config.Ingest
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Print what is known of one vendor: hosts, envelopes, and every documented code",
		Example: `  ingest vendors show truelayer
  ingest vendors show acme --vendors ./our-vendors`,
		Args: cli.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return showVendor(cmd, ingest, args[0])
		},
	}
	ingest.RegisterParsing(cmd.Flags())
	return cmd
}

func showVendor(cmd *cobra.Command, ingest config.Ingest, name string) error {
	r, err := registry(ingest, [32]byte{})
	if err != nil {
		return err
	}
	vendors := r.Vendors()
	i := slices.IndexFunc(vendors, func(v parsers.VendorInfo) bool { return v.Name == name })
	if i < 0 {
		return unknownVendor(name, vendors)
	}
	v := vendors[i]
	cli.Note(cmd.ErrOrStderr(), "%s (%s), %s", v.Title, strings.Join(v.Hosts, ", "), v.Docs)
	cli.Note(cmd.ErrOrStderr(), "envelopes, in order of trial: %s", strings.Join(r.Formats(name), ", "))
	var rows []codeRow
	for _, e := range r.Catalogue(name) {
		rows = append(rows, newCodeRow(e))
	}
	return printTable(cmd, codeColumns(), rows)
}

func unknownVendor(name string, vendors []parsers.VendorInfo) error {
	hint := "`ingest vendors list` lists them all"
	if near := config.Nearest(name, names(vendors)); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return cli.Usagef("no definition is named %q; %s", name, hint)
}

func names(vendors []parsers.VendorInfo) []string {
	var names []string
	for _, v := range vendors {
		names = append(names, v.Name)
	}
	return names
}

type codeRow struct {
	Status   string `json:"status"`
	Code     string `json:"code"`
	Title    string `json:"title"`
	Category string `json:"category"`
	Retry    string `json:"retry"`
	Advice   string `json:"advice"`
	Link     string `json:"link"`
}

func newCodeRow(e *parsers.Entry) codeRow {
	row := codeRow{Code: e.Code, Title: e.Title, Category: e.Category.String(), Retry: e.Retry.String(), Advice: e.Advice.Advice, Link: e.Link}
	if e.Status > 0 {
		row.Status = strconv.Itoa(e.Status)
	}
	if e.To > 0 {
		row.Code = fmt.Sprintf("%d-%d", e.From, e.To)
	}
	return row
}

func codeColumns() []render.Column[codeRow] {
	return []render.Column[codeRow]{
		{Name: "status"},
		{Name: "code"},
		{Name: "title", Place: render.RawOnly},
		{Name: "category"},
		{Name: "retry"},
		{Name: "advice", Place: render.Wrap},
		{Name: "link", Place: render.RawOnly},
	}
}
