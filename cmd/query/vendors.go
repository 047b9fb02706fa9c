package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// maxCommands bounds the notes below a table: the first vendors are those with the most errors.
const maxCommands = 3

func newVendors() *cobra.Command {
	q := question{whole: true}
	var o storage.VendorsOptions
	cmd := &cobra.Command{
		Use:   "vendors",
		Short: "Per vendor: error rate, and how well its bodies are understood",
		Long: `vendors lists the vendors with their responses, their error rate and three shares of the error bodies: recognised by a
definition of the vendor, read as a generic format, and unparsed. Below each stands its most frequent body that no
definition recognises; -o json has several, with an example and the command that starts a definition for it.
Calls without a response and errors without a body count as errors, and in none of the shares.`,
		Example: `  query vendors --since 7d
  query vendors --vendor acme.com -o json | jq '.rows[].shapes'
  query vendors -o json | jq -r '.rows[].shapes[].command | values' | sort -u`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			names := vendorNames()
			o.Defined = func(name string) bool { return slices.Contains(names, name) }
			return ask(cmd, &q, vendorColumns(), func(ctx context.Context, db *storage.DB) (storage.Answer[storage.VendorRow], error) {
				answer, err := db.Vendors(ctx, q.filter, o)
				if o.Shapes == 0 { // given so: to storage it is the default
					dropShapes(answer.Rows)
				}
				answer.Notes = append(answer.Notes, definitionNotes(answer.Rows)...)
				return answer, err
			})
		},
	}
	q.register(cmd)
	cmd.Flags().IntVar(&o.Limit, "limit", 50, "show so many vendors")
	cmd.Flags().IntVar(&o.Shapes, "shapes", 3, "give so many shapes of each vendor in JSON, 0 for none")
	return cmd
}

func dropShapes(rows []storage.VendorRow) {
	for i := range rows {
		rows[i].Shapes = []storage.VendorShape{}
	}
}

// definitionNotes say how to start the definitions that are missed most.
func definitionNotes(rows []storage.VendorRow) []string {
	var notes []string
	for _, r := range rows {
		for _, s := range r.Shapes {
			if s.Command != nil && len(notes) < maxCommands {
				notes = append(notes, "start a definition for "+r.Vendor+": "+*s.Command)
				break
			}
		}
	}
	return notes
}

func vendorColumns() []render.Column[storage.VendorRow] {
	return []render.Column[storage.VendorRow]{
		{Name: "vendor"},
		{Name: "definition", Priority: 5},
		{Name: "responses", Kind: render.Number},
		{Name: "errors", Kind: render.Number},
		{Name: "error_rate", Title: "RATE", Kind: render.Percent},
		{Name: "bodies", Kind: render.Number, Priority: 4},
		{Name: "recognised", Kind: render.Number, Place: render.RawOnly},
		{Name: "generic", Kind: render.Number, Place: render.RawOnly},
		{Name: "unparsed", Kind: render.Number, Place: render.RawOnly},
		{Name: "recognised_share", Title: "RECOGNISED", Kind: render.Percent, Priority: 1},
		{Name: "generic_share", Title: "GENERIC", Kind: render.Percent, Priority: 2},
		{Name: "unparsed_share", Title: "UNPARSED", Kind: render.Percent, Tone: unparsedTone},
		{Name: "most frequent", Place: render.TableWrap, MinWidth: 60, Value: commonShape},
	}
}

// commonShape describes the most frequent body that no definition recognises.
func commonShape(r storage.VendorRow) any {
	if len(r.Shapes) == 0 {
		return ""
	}
	s := r.Shapes[0]
	text := fmt.Sprintf("%s × %s %d, %s %s", cli.Count(int64(s.Count)), s.Host, s.Status, s.Parse, s.Format)
	if said := s.MessageTemplate; said != "" {
		return text + ": " + said
	}
	return text + ": " + s.Example
}

func unparsedTone(r storage.VendorRow) render.Tone {
	if r.UnparsedShare != nil && *r.UnparsedShare >= 0.1 {
		return render.ToneWarn
	}
	return render.TonePlain
}
