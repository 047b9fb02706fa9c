package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// completeValues lets a shell complete the values of the filters: of vendors those with a definition.
func completeValues(cmd *cobra.Command) {
	cli.CompleteFlag(cmd, "vendor", vendorNames)
	cli.CompleteFlag(cmd, "category", storage.Categories)
	cli.CompleteFlag(cmd, "by", storage.GroupColumns)
	cli.CompleteFlag(cmd, "marks", storage.MarkKinds)
	cli.CompleteFlag(cmd, "status", func() []string {
		return []string{"0", "4xx", "5xx", "400", "401", "403", "404", "408", "409", "422", "429", "500", "502", "503", "504"}
	})
	cli.CompleteFlag(cmd, "since", func() []string { return []string{"15m", "1h", "3h", "6h", "12h", "24h", "7d", "30d"} })
	cli.CompleteFlag(cmd, "watch", func() []string { return []string{"2s", "5s", "30s", "1m"} })
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if choice, ok := f.Value.(interface{ Values() []string }); ok {
			cli.CompleteFlag(cmd, f.Name, choice.Values)
		}
	})
}

func vendorNames() []string {
	registry, err := parsers.New(parsers.Options{})
	if err != nil {
		return nil // completion is no place for errors
	}
	var names []string
	for _, vendor := range registry.Vendors() {
		names = append(names, vendor.Name)
	}
	return names
}
