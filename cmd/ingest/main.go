// Command ingest reads HTTP response logs from Kafka, or from files, parses each vendor's error body into
// one normalized row, and writes the rows to ClickHouse.
//
// It is flags and wiring; package pipeline moves the records, package parsers reads them, package storage
// keeps them.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/embedded"
)

func main() {
	embedded.MaybeRunEngine()
	os.Exit(cli.Main(newRoot(), os.Args[1:]))
}

func newRoot() *cobra.Command {
	root := cli.Root("ingest", "Read HTTP response logs, parse vendors' errors, write them to ClickHouse",
		`ingest reads HTTP response logs from Kafka (or from files), recognises the vendor that answered, parses its
error body into one normalized row and writes the rows to ClickHouse. Ask about them with the command query.

Without --brokers it runs a broker of its own, without --clickhouse a ClickHouse of its own.`)
	root.Example = `  ingest demo                                   see it work on simulated traffic
  ingest load responses.jsonl                   a file of response logs
  ingest run --brokers kafka-1:9092 --clickhouse clickhouse://errata@clickhouse:9000/errata
  tail -1 responses.jsonl | ingest parse        what one record becomes; needs no server`
	root.AddCommand(newRun(), newLoad(), newParse(), newDemo(), newMigrate(), newVerify(), newRepair(), newReplay(), newErase(), newLag(), newVendors())
	return root
}
