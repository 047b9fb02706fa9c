package storage

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// SQLOptions bound a statement of the user's own. The zero value means the defaults.
type SQLOptions struct {
	Limit      int               // rows returned; 0 = 10,000
	MaxBytes   int               // of the values returned; 0 = 64 MiB
	Timeout    time.Duration     // 0 = 60 s
	Parameters map[string]string // of {name:Type}
}

// SQLAnswer is the result of a statement of the user's own.
type SQLAnswer struct {
	Columns   []SQLColumn `json:"columns"`
	Rows      []SQLRow    `json:"rows"`
	Truncated bool        `json:"truncated"` // a limit left rows out
	Notes     []string    `json:"notes"`

	// Explain lists what was asked of the server, in order.
	Explain []Statement `json:"-"`
}

// SQLColumn is one column of a result.
type SQLColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // ClickHouse's
}

const (
	defaultSQLRows    = 10_000
	defaultSQLBytes   = 64 << 20
	defaultSQLTimeout = 60 * time.Second

	// What the server may use for a statement, unless its user has limits of its own.
	maxSQLMemory = 1 << 30
)

func (o SQLOptions) withDefaults() (SQLOptions, error) {
	if o.Limit < 0 {
		return o, &UsageError{Field: "limit", Value: strconv.Itoa(o.Limit), Valid: []string{"0 or more"}}
	}
	if o.Timeout < 0 {
		return o, &UsageError{Field: "timeout", Value: o.Timeout.String(), Valid: []string{"a duration above 0"}}
	}
	if o.Limit == 0 {
		o.Limit = defaultSQLRows
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultSQLBytes
	}
	if o.Timeout == 0 {
		o.Timeout = defaultSQLTimeout
	}
	return o, nil
}

// sqlQuestion runs one statement of the user's own.
type sqlQuestion struct {
	conn     driver.Conn
	text     string
	options  SQLOptions
	settings clickhouse.Settings
	answer   SQLAnswer
}

// SQL runs one statement that reads, with limits on time, memory, rows and bytes. The statement is read by
// the server's own parser first: one that is not a question, or that calls a function which reaches
// outside the tables, is refused. Whoever the user is, the statement runs with readonly = 1, so that it
// cannot lift a limit.
func (db *DB) SQL(ctx context.Context, text string, o SQLOptions) (SQLAnswer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return SQLAnswer{}, err
	}
	if err := checkVerb(text); err != nil {
		return SQLAnswer{}, err
	}
	// Past the context of the caller, whose end is an interruption and no time-out.
	within, cancel := context.WithTimeoutCause(ctx, o.Timeout, errSQLTimeout)
	defer cancel()
	q := &sqlQuestion{conn: db.conn.Conn, text: text, options: o, answer: SQLAnswer{Columns: []SQLColumn{}, Rows: []SQLRow{}, Notes: []string{}}}
	for _, step := range []func(context.Context) error{q.restrict, q.check, q.run} {
		if err := step(within); err != nil {
			return SQLAnswer{}, q.explain(db.options, context.Cause(within), err)
		}
	}
	return q.answer, nil
}

var errSQLTimeout = errors.New("the statement took too long")

// sqlAccess asks which limits the user may set: fixed ones it may not, as any with readonly = 1.
const sqlAccess = `
SELECT name, value, readonly != 0 AS fixed FROM system.settings
WHERE name IN ('readonly', 'max_memory_usage', 'max_execution_time', 'max_result_bytes')`

// restrict chooses the settings that the statement is sent with: none for a user with readonly = 1, who
// may send none and has the limits of its profile; for others readonly = 1 and our limits, where they are
// lower than the user's.
func (q *sqlQuestion) restrict(ctx context.Context) error {
	limits := map[string]uint64{
		"max_memory_usage": maxSQLMemory, "max_result_bytes": uint64(q.options.MaxBytes),
		"max_execution_time": uint64(q.options.Timeout.Seconds()) + 1,
	}
	settings := clickhouse.Settings{"readonly": 1}
	readonly := ""
	_, err := q.ask(ctx, "settings", sqlAccess, func(rows driver.Rows) error {
		var name, value string
		var fixed bool
		if err := rows.Scan(&name, &value, &fixed); err != nil {
			return err
		}
		if name == "readonly" {
			readonly = value
			return nil
		}
		if own, err := strconv.ParseFloat(value, 64); !fixed && (err != nil || own == 0 || own > float64(limits[name])) {
			settings[name] = limits[name]
		}
		return nil
	})
	switch {
	case err != nil || readonly == "1":
		return err
	case readonly != "0":
		return &UsageError{Field: "clickhouse-user", Value: "a user with readonly = " + readonly, Valid: []string{"a user with readonly = 1: others may read files and URLs"}}
	}
	q.settings = settings
	return nil
}

const explainAST = "EXPLAIN AST "

// check lets the server parse the statement, which runs nothing, and looks at what it consists of.
func (q *sqlQuestion) check(ctx context.Context) error {
	var tree []string
	_, err := q.ask(ctx, "syntax tree", explainAST+q.text, func(rows driver.Rows) error {
		var line string
		err := rows.Scan(&line)
		tree = append(tree, line)
		return err
	})
	if err != nil {
		return err
	}
	return checkTree(tree)
}

// run reads the result, as far as the limits let it.
func (q *sqlQuestion) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var reader *rowReader
	bytes := 0
	columns, err := q.ask(ctx, "sql", q.text, func(rows driver.Rows) error {
		if reader == nil {
			reader = newRowReader(rows.ColumnTypes())
		}
		if len(q.answer.Rows) == q.options.Limit || bytes > q.options.MaxBytes {
			q.answer.Truncated = true
			return errEnough
		}
		row, size, err := reader.read(rows)
		bytes += size
		q.answer.Rows = append(q.answer.Rows, row)
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	for _, c := range columns {
		q.answer.Columns = append(q.answer.Columns, SQLColumn{Name: c.Name(), Type: c.DatabaseTypeName()})
	}
	if q.answer.Truncated {
		q.answer.Notes = append(q.answer.Notes, fmt.Sprintf("only the first %d rows: give a larger --limit, or narrow the question (at most %d MiB are returned)", len(q.answer.Rows), q.options.MaxBytes>>20))
	}
	return err
}

// errEnough ends the reading of a result early.
var errEnough = errors.New("enough")

// ask runs one text under the settings and keeps the record of it.
func (q *sqlQuestion) ask(ctx context.Context, name, text string, scan func(driver.Rows) error) ([]driver.ColumnType, error) {
	statement := Statement{Name: name, SQL: text}
	parameters := clickhouse.Parameters{}
	for key, value := range q.options.Parameters {
		statement.Parameters = append(statement.Parameters, Parameter{Name: key, Value: value})
		parameters[key] = parameterEscaper.Replace(value)
	}
	began := time.Now()
	options := []clickhouse.QueryOption{clickhouse.WithParameters(parameters), clickhouse.WithProgress(func(p *clickhouse.Progress) {
		statement.Rows += p.Rows
		statement.Bytes += p.Bytes
	})}
	if q.settings != nil {
		options = append(options, clickhouse.WithSettings(q.settings))
	}
	// Cancelling ends the statement on the server, when the limits are reached.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := q.conn.Query(clickhouse.Context(undated{ctx}, options...), text)
	if err != nil {
		return nil, err
	}
	columns := rows.ColumnTypes()
	for err == nil && rows.Next() {
		err = scan(rows)
	}
	if err != nil {
		cancel()
		_ = rows.Close() //nolint:errcheck // what ended the reading is the error to tell
		return columns, err
	}
	err = errors.Join(rows.Err(), rows.Close())
	statement.Elapsed = time.Since(began)
	q.answer.Explain = append(q.answer.Explain, statement)
	return columns, err
}

// parameterEscaper writes a value as the server reads parameters: as a field of TSV.
var parameterEscaper = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)

// rowReader reads rows of any columns.
type rowReader struct {
	columns []driver.ColumnType
	names   []string
}

func newRowReader(columns []driver.ColumnType) *rowReader {
	r := &rowReader{columns: columns}
	for _, c := range columns {
		r.names = append(r.names, c.Name())
	}
	return r
}

// read returns the next row, and about how many bytes its values take.
func (r *rowReader) read(rows driver.Rows) (SQLRow, int, error) {
	targets := make([]any, len(r.columns))
	for i, c := range r.columns {
		targets[i] = reflect.New(c.ScanType()).Interface()
	}
	row := SQLRow{names: r.names, Values: make([]any, len(targets))}
	if err := rows.Scan(targets...); err != nil {
		return row, 0, fmt.Errorf("scan: %w", err)
	}
	size := 0
	for i, target := range targets {
		row.Values[i] = plainValue(reflect.ValueOf(target).Elem(), r.columns[i].DatabaseTypeName())
		size += sizeOf(row.Values[i])
	}
	return row, size, nil
}

// readsOnly are the statements that SQL runs, as the server's parser calls them.
var readsOnly = regexp.MustCompile(`^(Select|Explain|Describe|Show|Exists)`)

// verbs begin statements that do more than read.
var verbs = regexp.MustCompile(`(?i)^(?:\s|--[^\n]*\n|/\*(?s:.*?)\*/)*(insert|alter|drop|create|replace|attach|detach|truncate|rename|exchange|optimize|set|use|grant|revoke|kill|system|delete|update|backup|restore|move|check|undrop|begin|commit|rollback|execute|watch)\b`)

// scalars are those of them that also work under a mere name: arrayMap(file, …).
var scalars = regexp.MustCompile(`(?i)^(file|catboostevaluate)$`)

// checkVerb refuses what obviously is no question, in plain words; checkTree is the real check.
func checkVerb(text string) error {
	if strings.TrimSpace(text) == "" {
		return &SQLError{Text: "no SQL was given"}
	}
	if m := verbs.FindStringSubmatch(text); m != nil {
		return &SQLError{Text: "only questions are answered here: " + strings.ToUpper(m[1]) + " is refused"}
	}
	return nil
}

// tableFunctions are those that a statement may use as a table. Others reach outside the tables: files,
// URLs, other servers, programs; eval hides a statement in a text.
var tableFunctions = map[string]bool{
	"numbers": true, "numbers_mt": true, "zeros": true, "zeros_mt": true, "values": true, "view": true, "merge": true,
	"generateseries": true, "generate_series": true, "generaterandom": true, "null": true, "primes": true, "format": true,
}

// outside matches functions, wherever they stand, that reach outside the tables. The server's rights
// refuse most of them as well, but not the scalar function file.
var outside = regexp.MustCompile(`(?i)^(file|filecluster|filesystem|url|urlcluster|s3|s3cluster|gcs|oss|cosn|hdfs|hdfscluster|azureblob.*|iceberg.*|deltalake.*|hudi.*|paimon.*|remote|remotesecure|cluster|clusterallreplicas|mysql|postgresql|mongodb|redis|sqlite|odbc|jdbc|ytsaurus|arrowflight|executable|eval|input|dictionary|catboostevaluate)$`)

// checkTree refuses a syntax tree that is not of a question, or that names what reaches outside. Its
// lines are indented by depth: "Function NAME (children 1)".
func checkTree(tree []string) error {
	if len(tree) == 0 || !readsOnly.MatchString(tree[0]) {
		return &SQLError{Text: "only questions are answered here: SELECT, WITH, EXPLAIN, DESCRIBE, SHOW or EXISTS"}
	}
	above := "" // the kind of the line before, which is what a first child belongs to
	for i, line := range tree {
		fields := append(strings.Fields(line), "", "")
		kind, name := fields[0], fields[1]
		isOutput := strings.HasPrefix(tree[0], "Select") && len(line)-len(strings.TrimLeft(line, " ")) == 1
		isTable := above == "TableExpression" && kind == "Function"
		isExplained := i == 1 && strings.HasPrefix(tree[0], "Explain") // EXPLAIN indexes = 1 …
		switch {
		case kind == "Set" && !isExplained:
			return &SQLError{Text: "SETTINGS is refused: the limits of a statement cannot be changed"}
		case kind == "ColumnsApplyTransformer":
			return &SQLError{Text: "APPLY is refused: write the functions out"}
		case kind == "Function" && outside.MatchString(name), kind == "Identifier" && scalars.MatchString(name), isTable && !tableFunctions[strings.ToLower(name)]:
			return &SQLError{Text: fmt.Sprintf("%s is refused: a statement may read errata's tables only", name)}
		case isOutput && kind == "Identifier":
			return &SQLError{Text: "FORMAT has no effect here: leave it out, and give -o " + strings.ToLower(name)}
		case isOutput && kind == "Literal":
			return &SQLError{Text: "INTO OUTFILE has no effect here: leave it out, and redirect the output"}
		}
		above = kind
	}
	return nil
}
