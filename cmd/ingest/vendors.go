package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/parsers"
)

func newVendors() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vendors",
		Short: "Look at the vendor definitions, and write your own",
		Long: `vendors shows which vendors' errors are known. A definition is one folder of data: how the vendor's errors look, what its
codes mean, and the cases that prove it. Your own stand in a directory that --vendors names; docs/vendors.md teaches
how to write one.`,
		Example: `  ingest vendors list
  ingest vendors show truelayer
  ingest vendors new acme --host api.acme.com --dir our-vendors
  ingest vendors check our-vendors`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }, // without it a misspelt command is no error
	}
	cmd.AddCommand(newVendorsList(), newVendorsShow(), newVendorsNew(), newVendorsCheck())
	return cmd
}

func newVendorsList() *cobra.Command {
	var ingest config.Ingest
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the vendors with a definition: hosts, number of known codes, link",
		Example: "  ingest vendors list --vendors ./our-vendors",
		Args:    cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listVendors(cmd, ingest)
		},
	}
	ingest.RegisterParsing(cmd.Flags())
	return cmd
}

func listVendors(cmd *cobra.Command, ingest config.Ingest) error {
	r, err := registry(ingest, [32]byte{})
	if err != nil {
		return err
	}
	return printTable(cmd, vendorColumns(), vendorRows(r.Vendors()))
}

// printTable prints a table on a terminal, and TSV elsewhere.
func printTable[R any](cmd *cobra.Command, columns []render.Column[R], rows []R) error {
	table, err := render.NewTable(columns, rows)
	if err != nil {
		return fmt.Errorf("table: %w", err)
	}
	options := render.Options{Format: render.FormatTSV}
	if f, ok := cmd.OutOrStdout().(*os.File); ok {
		options = render.Detect(f, os.Getenv).Options()
	}
	return render.Write(cmd.OutOrStdout(), render.Answer{Table: table}, options)
}

type vendorRow struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	Hosts []string `json:"hosts"`
	Codes int      `json:"codes"`
	Docs  string   `json:"docs"`
}

func vendorRows(vendors []parsers.VendorInfo) []vendorRow {
	rows := make([]vendorRow, len(vendors))
	for i, v := range vendors {
		rows[i] = vendorRow{Name: v.Name, Title: v.Title, Hosts: v.Hosts, Codes: v.Codes, Docs: v.Docs}
	}
	return rows
}

func vendorColumns() []render.Column[vendorRow] {
	return []render.Column[vendorRow]{
		{Name: "name", Title: "VENDOR"},
		{Name: "title"},
		{Name: "hosts", Kind: render.List},
		{Name: "codes", Kind: render.Number},
		{Name: "docs", Title: "DOCUMENTATION", Kind: render.Link},
	}
}
