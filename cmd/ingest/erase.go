package main

import (
	"errors"
	"io"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// erasing are the settings of ingest erase.
type erasing struct {
	clickhouse config.ClickHouse
	display    config.Display
	where      string
	yes        bool
}

func newErase() *cobra.Command {
	var e erasing
	cmd := &cobra.Command{
		Use:   "erase --where CONDITION",
		Short: "Blank the contents of rows, for privacy requests",
		Long: `erase shows how many rows a condition selects; with --yes it blanks in them whatever may speak of a person: message, path,
route, credential, operation, trace id and all that only query errors -o json shows (title, body, details, request ids, …).

The rows themselves stay, with their place in the topic, time, status, vendor, code, service and category: a record has exactly
one row, verify stays equal, and counts stay right. What was erased is remembered by its place alone, so that neither repair
nor replay brings it back. The condition is ClickHouse SQL over the columns of responses; it is not stored, only its hash is
(table meta). Run it again for rows that arrive later. Kafka, backups and ClickHouse's query log are not touched.

The user needs the rights ALTER UPDATE on responses and INSERT on erasures and meta.`,
		Example: `  ingest erase --where "path LIKE '%4512345678%' OR message LIKE '%4512345678%'"
  ingest erase --yes --where "service = 'checkout' AND time < '2026-03-01' AND credential = 'jane'"`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd) },
	}
	e.clickhouse.Register(cmd.Flags())
	e.display.RegisterFormat(cmd.Flags())
	cmd.Flags().StringVar(&e.where, "where", "", "condition in ClickHouse SQL over the columns of responses; required")
	cmd.Flags().BoolVar(&e.yes, "yes", false, "do it; without, only show what would be erased")
	return cmd
}

func (e *erasing) run(cmd *cobra.Command) (err error) {
	if e.where == "" {
		return cli.Usagef("--where: say which rows, such as \"path LIKE '%%4512345678%%'\"")
	}
	access := cli.Read
	if e.yes {
		access = cli.Write
	}
	store, err := cli.OpenStore(cmd.Context(), e.clickhouse, access, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.Check(cmd.Context()); err != nil {
		return err
	}
	if err := e.mayErase(cmd, store); err != nil {
		return err
	}
	found, err := store.DB.PreviewErasure(cmd.Context(), e.where)
	if err != nil {
		return err
	}
	if err := show(cmd, e.display, erasureColumns(), []storage.Erasure{found}, found); err != nil {
		return err
	}
	switch {
	case found.Rows == 0:
		cli.Note(cmd.ErrOrStderr(), "no row fits: nothing to erase")
		return nil
	case !e.yes:
		cli.Note(cmd.ErrOrStderr(), "nothing was changed: --yes erases the contents of %s rows, for good", cli.Count(int64(found.Rows)))
		return nil
	}
	return e.erase(cmd, store, found)
}

// errReplicas: a replica blanks what its own copy of the table erasures names, which may lag behind.
var errReplicas = errors.New("erase --yes cannot change tables that replicate themselves: a replica that lags would keep contents. See docs/scaling.md, Replicas, for what to do by hand")

func (e *erasing) mayErase(cmd *cobra.Command, store *cli.Store) error {
	if !e.yes {
		return nil
	}
	replicates, err := store.Local.Replicates(cmd.Context())
	if err == nil && replicates {
		err = errReplicas
	}
	return err
}

// erase does it, with a bar of the parts that ClickHouse has rewritten for each of several shards.
func (e *erasing) erase(cmd *cobra.Command, store *cli.Store, found storage.Erasure) error {
	erase := func(_ int, db *storage.DB) error {
		bar := newPartsBar(cmd.ErrOrStderr(), "erasing")
		defer cli.Finish(bar.ProgressBar)
		return db.Erase(cmd.Context(), e.where, bar.left)
	}
	if err := onEachShard(cmd.Context(), store, erase); err != nil {
		return err
	}
	cli.Note(cmd.ErrOrStderr(), "erased the contents of %s rows", cli.Count(int64(found.Rows)))
	return nil
}

func erasureColumns() []render.Column[storage.Erasure] {
	return []render.Column[storage.Erasure]{
		{Name: "rows", Kind: render.Number},
		{Name: "errors", Kind: render.Number},
		{Name: "successes", Kind: render.Number},
		{Name: "dead_letters", Kind: render.Number},
		{Name: "first", Kind: render.Time},
		{Name: "last", Kind: render.Time},
		{Name: "days", Kind: render.List},
	}
}

// partsBar shows how many parts of a table ClickHouse has rewritten.
type partsBar struct {
	*progressbar.ProgressBar
	most int64
}

func newPartsBar(w io.Writer, what string) *partsBar {
	return &partsBar{ProgressBar: cli.Bar(w, -1, what)}
}

// left is told how many are still to be rewritten.
func (b *partsBar) left(parts int64) {
	if parts > b.most {
		b.most = parts
		b.ChangeMax64(parts)
	}
	cli.Advance(b.ProgressBar, b.most-parts)
}
