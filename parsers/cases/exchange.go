package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// caseTime is when every exchange took place; a case that needs another one states a Date header or is
// an input.json.
const caseTime = "2026-09-18T12:00:00.000Z"

// log is the part of a response log that an exchange can state.
type log struct {
	Time    string              `json:"time"`
	Method  string              `json:"method"`
	URL     string              `json:"url"`
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"response_headers,omitempty"`
	Body    string              `json:"response_body,omitempty"`
}

// exchange turns
//
//	GET https://api.example.com/v1/users
//
//	HTTP/1.1 404 Not Found
//	Content-Type: application/json
//
//	{"message":"no such user"}
//
// into a response log. Line ends at the end of the file are not part of the body.
func exchange(text []byte) ([]byte, error) {
	text = bytes.TrimRight(text, "\n")
	request, rest, _ := bytes.Cut(text, []byte("\n"))
	method, url, found := strings.Cut(strings.TrimSpace(string(request)), " ")
	if !found || method == "" {
		return nil, errors.New("line 1 is not METHOD URL")
	}
	l := log{Time: caseTime, Method: method, URL: strings.TrimSpace(url)}
	head, body, _ := bytes.Cut(bytes.TrimLeft(rest, "\n"), []byte("\n\n"))
	l.Body = string(body)
	if err := l.head(strings.Split(string(head), "\n")); err != nil {
		return nil, err
	}
	record, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("exchange: %w", err)
	}
	return record, nil
}

// head reads the status line and the header lines.
func (l *log) head(lines []string) error {
	fields := strings.Fields(lines[0])
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/") {
		return fmt.Errorf("%q is not HTTP/1.1 STATUS", lines[0])
	}
	var err error
	if l.Status, err = strconv.Atoi(fields[1]); err != nil {
		return fmt.Errorf("%q is no status", fields[1])
	}
	for _, line := range lines[1:] {
		name, value, found := strings.Cut(line, ":")
		if !found {
			return fmt.Errorf("%q is no header", line)
		}
		if l.Headers == nil {
			l.Headers = map[string][]string{}
		}
		l.Headers[name] = append(l.Headers[name], strings.TrimSpace(value))
	}
	return nil
}
