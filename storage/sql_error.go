package storage

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SQLError is a statement of the user's own that cannot be run: it has to be changed.
type SQLError struct {
	Text   string
	Line   int    // from 1; 0 = no place is known
	Column int    // from 1
	Source string // that line
}

func (e *SQLError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("%s\n  %s\n  %s^", e.Text, e.Source, strings.Repeat(" ", e.Column-1))
}

// Codes of server exceptions about a statement, from ClickHouse's ErrorCodes.cpp.
const (
	codeUnknownFunction   = 46
	codeUnknownIdentifier = 47
	codeSyntaxError       = 62
	codeTimeoutExceeded   = 159
	codeTooSlow           = 160
	codeMemoryLimit       = 241
	codeTooManyRows       = 158
	codeTooManyBytes      = 307
	codeTooManyResultRows = 396
	codeSubstitution      = 456
)

var (
	failedAt   = regexp.MustCompile(`failed at position (\d+)(?: \((.*?)\))?(?: \(line \d+, col \d+\))?: `)
	identifier = regexp.MustCompile("identifier [`'](.+?)[`']")
	function   = regexp.MustCompile("name `(.+?)`")
	meant      = regexp.MustCompile(`Maybe you meant:? \[?(.+?)\]?\??$`)
)

// explain turns the server's exception into a sentence about the statement. Cause is why the context
// ended, if it did.
func (q *sqlQuestion) explain(o Options, cause, err error) error {
	if errors.Is(cause, errSQLTimeout) {
		return fmt.Errorf("the statement took longer than %s: narrow it, or give a longer --timeout", q.options.Timeout)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	code, message, ok := exceptionOf(err)
	if !ok {
		return o.explain(err)
	}
	message = firstLine(strings.ToValidUTF8(message, "�"))
	switch code {
	case codeSyntaxError:
		return q.syntaxError(message)
	case codeUnknownIdentifier:
		return &SQLError{Text: "there is no column " + quoted(identifier, message) + suggestion(message) + "; `query sql --help` lists the columns"}
	case codeUnknownFunction:
		return &SQLError{Text: "there is no function " + quoted(function, message) + suggestion(message)}
	case codeUnknownTable:
		if m := identifier.FindStringSubmatch(message); m != nil && !isTable(m[1]) {
			return &SQLError{Text: "there is no table " + strconv.Quote(m[1]) + suggestion(message) + "; `query sql --help` lists the tables"}
		}
	case codeSubstitution:
		return &SQLError{Text: firstSentence(message) + ": give it with --param NAME=VALUE"}
	case codeReadonly:
		return &SQLError{Text: "the statement may only read, and set nothing: " + message}
	case codeMemoryLimit, codeTimeoutExceeded, codeTooSlow, codeTooManyRows, codeTooManyBytes, codeTooManyResultRows:
		return fmt.Errorf("the statement needs more than it may have: %s", message)
	}
	var known *serverError
	if explained := o.explain(err); errors.As(explained, &known) {
		return explained
	}
	return &SQLError{Text: message}
}

// isTable tells the tables that --help lists, without which the schema is missing, from names that are wrong.
func isTable(name string) bool {
	name = name[strings.LastIndexByte(name, '.')+1:]
	return name == "responses" || name == "watermarks" || name == "gaps"
}

// syntaxError shows the place. The server counts bytes from 1, of a text that began with EXPLAIN AST.
func (q *sqlQuestion) syntaxError(message string) error {
	m := failedAt.FindStringSubmatchIndex(message)
	if m == nil {
		return &SQLError{Text: message}
	}
	position, err := strconv.Atoi(message[m[2]:m[3]])
	at := position - 1 - len(explainAST)
	if err != nil || at < 0 || at > len(q.text) {
		return &SQLError{Text: message}
	}
	e := &SQLError{Line: 1 + strings.Count(q.text[:at], "\n")}
	start := 1 + strings.LastIndexByte(q.text[:at], '\n')
	e.Source, _, _ = strings.Cut(q.text[start:], "\n")
	e.Source = strings.ReplaceAll(e.Source, "\t", " ")
	e.Column = 1 + utf8.RuneCountInString(q.text[start:at])
	what := "syntax error"
	if strings.Contains(message, "Multi-statements") {
		what = "one statement at a time"
	}
	e.Text = fmt.Sprintf("%s at line %d, column %d", what, e.Line, e.Column)
	if _, expected, found := strings.Cut(message[m[1]:], "Expected "); found {
		e.Text += ": expected " + strings.TrimSuffix(shortened(expected), ".")
	}
	return e
}

// shortened cuts the parser's list of all that could stand there.
func shortened(text string) string {
	parts := strings.Split(text, ", ")
	const most = 6
	if len(parts) > most {
		return strings.Join(parts[:most], ", ") + " …"
	}
	return text
}

func quoted(pattern *regexp.Regexp, message string) string {
	if m := pattern.FindStringSubmatch(message); m != nil {
		return strconv.Quote(m[1])
	}
	return "of this name"
}

// suggestion repeats what the server thinks was meant.
func suggestion(message string) string {
	m := meant.FindStringSubmatch(strings.TrimSuffix(message, "."))
	if m == nil {
		return ""
	}
	return " (did you mean " + strings.ReplaceAll(m[1], "'", "") + "?)"
}

func firstSentence(message string) string {
	text, _, _ := strings.Cut(message, ": ")
	return strings.ReplaceAll(text, "`", `"`)
}
