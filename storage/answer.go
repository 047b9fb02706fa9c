package storage

import (
	"encoding/json"
	"slices"
	"time"
)

// Answer is what a question about a range of time returns: rows, and what limits them. It marshals to
// the stable JSON object of `query … -o json`.
type Answer[R any] struct {
	From          Time     `json:"from"`
	To            Time     `json:"to"`
	CompleteUntil *Time    `json:"complete_until"` // nil = unknown: no ingester has reported yet
	Filters       Filter   `json:"filters"`
	Rows          []R      `json:"rows"`
	Other         *Other   `json:"other,omitempty"` // top only
	Total         *Total   `json:"total,omitempty"` // top only
	Cut           int      `json:"cut"`             // rows that the limit left out
	Notes         []string `json:"notes"`

	// Try is what an empty answer advises, as arguments: ["--since", "24h"]; nil = nothing.
	Try []string `json:"-"`
	// Unknown are the values of the filters that no response of the range has.
	Unknown []UnknownValue `json:"-"`
	// Explain lists what was asked of the server, in order.
	Explain []Statement `json:"-"`
}

// Other sums the groups that the limit left out.
type Other struct {
	Count uint64  `json:"count"`
	Share float64 `json:"share"`
}

// Total sums all groups, shown or not.
type Total struct {
	Count uint64 `json:"count"`
}

// Statement is one SQL statement of an answer, and what it cost.
type Statement struct {
	Name       string // file under storage/queries, without .sql
	SQL        string
	Parameters []Parameter // by name
	Rows       uint64      // read
	Bytes      uint64      // read, uncompressed
	Elapsed    time.Duration
}

// Parameter is one bound parameter of a statement.
type Parameter struct {
	Name  string
	Value any
}

// UnknownValue is a value of a filter that no response has, often a mistyped one.
type UnknownValue struct {
	Filter string   // vendor, service, environment, endpoint, code or source
	Value  string   // as it was given
	Known  []string // what the responses of the range have instead, in alphabetical order
}

// Time is an instant that marshals as RFC 3339 in UTC with milliseconds.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalJSON implements json.Unmarshaler, for readers of the answers.
func (t *Time) UnmarshalJSON(data []byte) error { return t.Time.UnmarshalJSON(data) }

func (t Time) String() string { return formatTime(t.Time) }

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// millis is an instant given in Unix milliseconds.
func millis(ms int64) Time { return Time{time.UnixMilli(ms).UTC()} }

// newAnswer starts an answer that is valid without rows.
func newAnswer[R any](f Filter) Answer[R] {
	return Answer[R]{From: Time{f.From.UTC()}, To: Time{f.To.UTC()}, Filters: f, Rows: []R{}, Notes: []string{}}
}

// cutTo keeps the first limit rows; limit 0 keeps all.
func (a *Answer[R]) cutTo(limit int) {
	if limit > 0 && len(a.Rows) > limit {
		a.Cut = len(a.Rows) - limit
		a.Rows = slices.Clip(a.Rows[:limit])
	}
}
