// Command query answers questions about the responses that ingest has stored: which error codes are on
// top, who is in a retry storm, when were we rate-limited and by how much.
//
// It is flags and presentation; package storage asks ClickHouse.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/embedded"
)

func main() {
	embedded.MaybeRunEngine()
	os.Exit(cli.Main(newRoot(), joinWatch(os.Args[1:])))
}

func newRoot() *cobra.Command {
	root := cli.Root("query", "Ask what other companies' APIs have been answering",
		`query answers from the rows that ingest has written: the embedded ClickHouse unless --clickhouse names a server.

It prints a table on a terminal and TSV when piped; notes go to standard error. Times without a zone are read in --tz.

Exit codes: 0 answered, also when empty; 1 failure; 2 usage; 3 alerts are firing; 4 authentication; 130 interrupted.`)
	root.Example = `  query top                                    the error codes of the last hour
  query timeline                               when, with storms and windows marked
  query top --since 24h --vendor truelayer --by endpoint,code
  query storms --service checkout              who is retrying too much
  query limits --from 2026-11-20 --to 2026-11-21
  query errors --code provider_timeout -o jsonl | jq .trace_id`
	root.AddCommand(newTop(), newStorms(), newLimits(), newSpikes(), newTimeline(), newErrors(), newSQL(), newVendors(), newReport(), newAlert())
	for _, cmd := range root.Commands() {
		completeValues(cmd)
	}
	return root
}
