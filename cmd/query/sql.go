package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// sqlCommand is `query sql`. Of the question it uses the range, as {from} and {to}, and how to print.
type sqlCommand struct {
	question   question
	options    storage.SQLOptions
	file       string
	parameters []string
}

func newSQL() *cobra.Command {
	var s sqlCommand
	cmd := &cobra.Command{
		Use:   "sql [SELECT …]",
		Short: "Ask in SQL of your own: read-only, with limits",
		Long: `sql runs one ClickHouse statement over errata's tables and prints the result like any answer. The statement comes from the
argument, from --file, or from standard input. It can only read: anything but SELECT, WITH, EXPLAIN, DESCRIBE, SHOW and
EXISTS is refused, and so are SETTINGS and functions that reach files, URLs or other servers. Time, memory, rows and
bytes are limited. Values are best given as parameters: {name:String} and --param name=…; {from:DateTime64(3)} and
{to:DateTime64(3)} are the range of --since, --from and --to.

Tables: responses, watermarks (how far each partition is ingested), gaps (records that were lost before they were read).
Columns of responses, one row for each record, ordered by kind, vendor, code:
  kind             'error', 'success' or 'dead_letter'; nearly always the first condition to write
  time, log_time   when it was answered; when the broker got the record
  vendor, service, environment, credential, source
  method, host, route, endpoint (method and route), path
  status           0 = no response
  code, category, retry ('yes', 'no', 'after', 'unknown'), retry_after_ms (-1 = not stated)
  title, message, message_template, fingerprint, type, instance, details (an array of field, code, message)
  operation, operation_key, attempt (0 = not stated), duration_ms
  trace_id, request_id, vendor_request_id
  rate_limit       a tuple: rate_limit.limit, .remaining, .reset_at, .window_s, .policy
  parse ('vendor', 'generic', 'unparsed'), format, body, reason, redaction_version
  topic, partition, offset, block_date, checksum`,
		Example: `  query sql "SELECT vendor, count() FROM responses WHERE kind = 'error' GROUP BY vendor ORDER BY 2 DESC"
  query sql --since 6h --param v=truelayer "SELECT toStartOfMinute(time) AS minute, countIf(status = 429) AS throttled
    FROM responses WHERE vendor = {v:String} AND time >= {from:DateTime64(3)} AND time < {to:DateTime64(3)}
    GROUP BY minute ORDER BY minute"
  query sql "SELECT route, quantile(0.99)(duration_ms) AS p99 FROM responses WHERE kind = 'success' GROUP BY route" -o csv
  query sql -f report.sql -o json
  query sql "DESCRIBE TABLE responses"`,
		Args:              cli.Args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              s.run,
	}
	q, flags := &s.question, cmd.Flags()
	q.clickhouse.Register(flags)
	q.display.Register(flags)
	q.registerRange(flags, "1h")
	flags.StringVarP(&s.file, "file", "f", "", "file with the statement, - for standard input")
	flags.StringArrayVar(&s.parameters, "param", nil, "value of {NAME:Type} in the statement, NAME=VALUE; repeatable")
	flags.IntVar(&s.options.Limit, "limit", 10_000, "return at most so many rows")
	flags.DurationVar(&s.options.Timeout, "timeout", time.Minute, "give up after so long")
	return cmd
}

func (s *sqlCommand) run(cmd *cobra.Command, args []string) error {
	printer, err := s.question.printer(cmd)
	if err != nil {
		return err
	}
	text, err := s.text(cmd, args)
	if err != nil {
		return err
	}
	if err := s.bind(); err != nil {
		return err
	}
	store, err := cli.OpenStore(cmd.Context(), s.question.clickhouse, cli.Read, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	answer, err := store.DB.SQL(cmd.Context(), text, s.options)
	if err := errors.Join(err, store.Close()); err != nil {
		return safeError{sqlUsage(err)}
	}
	return printSQL(printer, answer)
}

// text is the statement: the argument, else the file, else standard input.
func (s *sqlCommand) text(cmd *cobra.Command, args []string) (text string, err error) {
	if len(args) == 1 && s.file != "" {
		return "", cli.Usagef("the statement stands in the argument and in --file: give one of them")
	}
	if len(args) == 1 && args[0] != "-" {
		return args[0], nil
	}
	in := cmd.InOrStdin()
	if s.file != "" && s.file != "-" {
		file, err := os.Open(s.file)
		if err != nil {
			return "", cli.Usagef("--file: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		in = file
	} else if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return "", cli.Usagef(`no SQL was given: query sql "SELECT …", or -f FILE (see "query sql --help")`)
	}
	const most = 1 << 20
	all, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return "", fmt.Errorf("read the statement: %w", err)
	}
	if len(all) > most {
		return "", cli.Usagef("the statement is longer than %d bytes", most)
	}
	return string(all), nil
}

// bind collects the parameters; those of --param win over the range.
func (s *sqlCommand) bind() error {
	const layout = "2006-01-02 15:04:05.000"
	f := s.question.filter
	s.options.Parameters = map[string]string{"from": f.From.UTC().Format(layout), "to": f.To.UTC().Format(layout)}
	for _, p := range s.parameters {
		name, value, found := strings.Cut(p, "=")
		if !found || name == "" {
			return cli.Usagef("--param: %q is not NAME=VALUE", p)
		}
		s.options.Parameters[name] = value
	}
	return nil
}

// safeError is an error that can quote what vendors said, made safe for a terminal; its lines stay lines.
type safeError struct{ error }

func (e safeError) Error() string {
	lines := strings.Split(e.error.Error(), "\n")
	for i, line := range lines {
		lines[i] = render.Escape(line)
	}
	return strings.Join(lines, "\n")
}

func (e safeError) Unwrap() error { return e.error }

// sqlUsage marks the faults of a statement as faults of the call.
func sqlUsage(err error) error {
	var fault *storage.SQLError
	if errors.As(err, &fault) {
		return cli.Usagef("%w", err)
	}
	return asUsage(err)
}

func printSQL(p printer, a storage.SQLAnswer) error {
	columns := make([]render.Column[storage.SQLRow], len(a.Columns))
	for i, c := range a.Columns {
		columns[i] = render.Column[storage.SQLRow]{Name: c.Name, Title: c.Name, Kind: sqlKind(c.Type), Value: func(r storage.SQLRow) any { return r.Values[i] }}
	}
	table, err := render.NewTable(columns, a.Rows)
	if err != nil {
		return err
	}
	if err := render.Write(p.out, render.Answer{Table: table, Whole: a}, p.options); err != nil {
		return err
	}
	if p.explain {
		explain(p.notes, a.Explain)
	}
	return render.WriteNotes(p.notes, a.Notes)
}

// numeric are the types whose values stand to the right, exactly as they are.
var numeric = regexp.MustCompile(`^(LowCardinality\(|Nullable\()*(U?Int|Float|Decimal|BFloat)`)

func sqlKind(of string) render.Kind {
	if numeric.MatchString(of) {
		return render.Exact
	}
	return render.Text
}
