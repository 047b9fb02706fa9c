package storage

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"
)

// queryFiles holds the SQL: one statement a file, and part_*.sql, which the statements include.
//
//go:embed queries/*.sql
var queryFiles embed.FS

// querier is what an answer needs of a connection. The driver.Conn of a DB is one.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// question asks the statements of one answer and keeps the record of them.
type question struct {
	conn       querier
	filter     Filter
	parameters map[string]any // the filter's
	statements []Statement
	complete   *completeness // nil = not asked yet
}

func newQuestion(conn querier, f Filter) (*question, error) {
	parameters, err := f.parameters()
	if err != nil {
		return nil, err
	}
	return &question{conn: conn, filter: f, parameters: parameters}, nil
}

// together takes the steps side by side, each over a connection of its own: short statements are mostly waiting. What they
// asked is kept in the order of the steps.
func (q *question) together(ctx context.Context, steps ...func(context.Context, *question) error) error {
	parts := make([]question, len(steps))
	group, ctx := errgroup.WithContext(ctx)
	for i, step := range steps {
		parts[i] = question{conn: q.conn, filter: q.filter, parameters: q.parameters}
		group.Go(func() error { return step(ctx, &parts[i]) })
	}
	err := group.Wait()
	for _, part := range parts {
		q.statements = append(q.statements, part.statements...)
		q.complete = cmp.Or(q.complete, part.complete)
	}
	return err
}

// ask runs the statement called name with the filter's parameters and more, and calls scan for each
// row. No value becomes part of the SQL text, and no setting is sent, so that it works for a user
// with readonly=1.
func (q *question) ask(ctx context.Context, name string, more map[string]any, scan func(driver.Rows) error) error {
	text, err := readQuery(name)
	if err != nil {
		return err
	}
	parameters := with(q.parameters, more)
	if text, err = narrow(text, parameters); err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	parameters = named(text, parameters)
	statement := Statement{Name: name, SQL: text, Parameters: sorted(parameters)}
	began := time.Now()
	ctx = clickhouse.Context(undated{ctx}, clickhouse.WithProgress(func(p *clickhouse.Progress) {
		statement.Rows += p.Rows
		statement.Bytes += p.Bytes
	}))
	if err := q.run(ctx, text, bind(parameters), scan); err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	statement.Elapsed = time.Since(began)
	q.statements = append(q.statements, statement)
	return nil
}

func (q *question) run(ctx context.Context, text string, args []any, scan func(driver.Rows) error) (err error) {
	rows, err := q.conn.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("scan: %w", err)
		}
	}
	return rows.Err()
}

// undated hides a context's deadline, not its cancellation: the driver turns a deadline into the
// setting max_execution_time, which a user with readonly=1 may not send.
type undated struct{ context.Context }

func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

// readQuery returns a statement with its parts in place.
func readQuery(name string) (string, error) {
	raw, err := queryFiles.ReadFile("queries/" + name + ".sql")
	if err != nil {
		return "", fmt.Errorf("query %s: %w", name, err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for i, line := range lines {
		part, isInclude := strings.CutPrefix(strings.TrimSpace(line), "-- include: ")
		if !isInclude {
			continue
		}
		part, condition, isConditional := strings.Cut(part, " -- if ")
		if lines[i], err = readQuery(part); err != nil {
			return "", err
		}
		if isConditional {
			lines[i] = strings.ReplaceAll(lines[i], "\n", " -- if "+condition+"\n") + " -- if " + condition
		}
	}
	return strings.Join(lines, "\n"), nil
}

// narrow leaves out the lines whose conditions do not hold. A line may end with "-- if X": it stays when X is a list that is not
// empty, or true; "by:vendor" holds when the list by has vendor; "not" turns a word round, "or" joins several. What a question
// does not ask about would be a third of what the server takes to plan it.
func narrow(text string, parameters map[string]any) (string, error) {
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		parts := strings.Split(line, " -- if ")
		isKept := true
		for _, condition := range parts[1:] {
			holds, err := anyHolds(condition, parameters)
			if err != nil {
				return "", err
			}
			isKept = isKept && holds
		}
		if isKept {
			kept = append(kept, parts[0])
		}
	}
	return strings.Join(kept, "\n"), nil
}

func anyHolds(condition string, parameters map[string]any) (bool, error) {
	for word := range strings.SplitSeq(condition, " or ") {
		word, isNegated := strings.CutPrefix(word, "not ")
		holds, err := holds(word, parameters)
		if err != nil || holds != isNegated {
			return true, err
		}
	}
	return false, nil
}

func holds(word string, parameters map[string]any) (bool, error) {
	name, member, isMember := strings.Cut(word, ":")
	list, isList := parameters[name].([]string)
	value := reflect.ValueOf(parameters[name])
	switch {
	case isMember && isList:
		return slices.Contains(list, member), nil
	case value.Kind() == reflect.Slice:
		return value.Len() > 0, nil
	case value.Kind() == reflect.Bool:
		return value.Bool(), nil
	}
	return false, fmt.Errorf("%w: %s", errCondition, word)
}

var errCondition = errors.New("condition on no list")

// named returns the parameters that the text names.
func named(text string, parameters map[string]any) map[string]any {
	maps.DeleteFunc(parameters, func(name string, _ any) bool { return !strings.Contains(text, "{"+name+":") })
	return parameters
}

// bind names the parameters for the driver, which then sends them beside the statement: server-side
// parameters. Its ? placeholders would be pasted into the text.
func bind(parameters map[string]any) []any {
	args := make([]any, 0, len(parameters))
	for name, value := range parameters {
		if t, ok := value.(time.Time); ok {
			// The driver would send seconds since 1970, and the server reads small numbers as years.
			value = clamp(t.UTC()).Format("2006-01-02 15:04:05.000")
		}
		args = append(args, clickhouse.Named(name, value))
	}
	return args
}

// clamp keeps a time within what DateTime64 holds: the range before a very long one can begin earlier.
func clamp(t time.Time) time.Time {
	first, last := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2299, 12, 31, 0, 0, 0, 0, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

func sorted(parameters map[string]any) []Parameter {
	list := make([]Parameter, 0, len(parameters))
	for name, value := range parameters {
		list = append(list, Parameter{Name: name, Value: value})
	}
	slices.SortFunc(list, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return list
}
