package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline"
)

// maxLine is how much of one input line is kept in memory: more than the parsers' own limit, so that
// a record above that limit is judged by them.
const maxLine = 16 << 20

func newParse() *cobra.Command {
	var ingest config.Ingest
	cmd := &cobra.Command{
		Use:   "parse [FILE…|-]",
		Short: "Print what each record of a file becomes, as JSON lines; needs no server",
		Long: `parse reads response logs, one JSON object a line, and prints for every line one JSON object: the normalized
error, a success, or a dead letter with its reason and line number. A line with several responses (OTLP that was
batched, an HTTP archive) yields one object for each. Nothing is stored. Without a file, or with -, it reads
standard input.`,
		Example: `  ingest parse responses.jsonl | jq 'select(.error) | [.vendor, .code, .category, .retry]'
  jq -c '.log.entries[]' session.har | ingest parse
  kcat -C -b kafka:9092 -t api-responses -c 10 | ingest parse`,
		RunE: func(cmd *cobra.Command, files []string) error {
			return parse(cmd, ingest, files)
		},
	}
	ingest.RegisterParsing(cmd.Flags())
	ingest.RegisterFormat(cmd.Flags())
	return cmd
}

func parse(cmd *cobra.Command, ingest config.Ingest, files []string) error {
	if ingest.Format == "otlp_proto" {
		return cli.Usagef("--format: protobuf has no lines; otlp_json has")
	}
	r, err := registry(ingest, [32]byte{})
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(cmd.OutOrStdout(), 64<<10)
	p := printer{registry: r, out: out}
	err = eachFile(cmd, files, p.print)
	return errors.Join(err, out.Flush())
}

// printer turns lines into lines.
type printer struct {
	registry *parsers.Registry
	out      *bufio.Writer
	row      parsers.Row
	buf      []byte
}

func (p *printer) print(in io.Reader) error {
	lines := pipeline.NewLines(in, maxLine)
	for {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.buf = p.buf[:0]
		p.registry.ParseAll(&parsers.Record{Value: line}, &p.row, func() {
			p.buf = append(p.row.AppendJSON(p.buf, lines.Number()), '\n')
		})
		if _, err := p.out.Write(p.buf); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
}

// eachFile opens the named files one after the other; none, or "-", is standard input.
func eachFile(cmd *cobra.Command, files []string, read func(io.Reader) error) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, name := range files {
		if err := oneFile(cmd, name, read); err != nil {
			return err
		}
	}
	return nil
}

// noFile says which file cannot be read, and why, without the system call that found out.
func noFile(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return cli.Usagef("%s: %w", failed.Path, failed.Err)
	}
	return cli.Usagef("%w", err)
}

func oneFile(cmd *cobra.Command, name string, read func(io.Reader) error) error {
	if name == "-" {
		if cli.IsTerminal(cmd.InOrStdin()) {
			cli.Note(cmd.ErrOrStderr(), "reading response logs from the terminal, one JSON object a line; end with Ctrl-D")
		}
		return read(cmd.InOrStdin())
	}
	f, err := os.Open(name)
	if err != nil {
		return noFile(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
