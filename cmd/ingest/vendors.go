package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
)

func newVendors() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vendors",
		Short: "Look at the vendor definitions",
		Args:  cli.Args(cobra.NoArgs),
	}
	cmd.AddCommand(newVendorsList())
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
