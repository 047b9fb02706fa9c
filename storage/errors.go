package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ErrorsOptions choose the rows of an Errors answer. The zero value means the defaults.
type ErrorsOptions struct {
	Kind  string // of RowKinds; "" = error
	Limit int    // rows returned; 0 = 50
}

// RowKinds are the kinds of rows that Errors can list.
func RowKinds() []string { return []string{"error", "success", "dead_letter"} }

// ErrorRow is one stored response with every member that is known. Hashes are 16 hex digits.
type ErrorRow struct {
	Kind             string          `json:"kind"`
	Source           string          `json:"source,omitempty"`
	Topic            string          `json:"topic,omitempty"`
	Partition        int32           `json:"partition"`
	Offset           int64           `json:"offset"`
	BlockDate        Date            `json:"block_date"`
	LogTime          *Time           `json:"log_time,omitempty"`
	Checksum         uint32          `json:"checksum"`
	Time             *Time           `json:"time,omitempty"`
	Vendor           string          `json:"vendor,omitempty"`
	Service          string          `json:"service,omitempty"`
	Environment      string          `json:"environment,omitempty"`
	Credential       string          `json:"credential,omitempty"`
	Method           string          `json:"method,omitempty"`
	Host             string          `json:"host,omitempty"`
	Route            string          `json:"route,omitempty"`
	Path             string          `json:"path,omitempty"`
	Operation        string          `json:"operation,omitempty"`
	OperationKey     string          `json:"operation_key,omitempty"`
	Attempt          uint16          `json:"attempt,omitempty"`
	Status           *uint16         `json:"status,omitempty"` // 0 = no response
	DurationMS       float32         `json:"duration_ms,omitempty"`
	Code             string          `json:"code,omitempty"`
	Category         string          `json:"category,omitempty"`
	Retry            string          `json:"retry,omitempty"`
	RetryAfterMS     *int64          `json:"retry_after_ms,omitempty"`
	Title            string          `json:"title,omitempty"`
	Message          string          `json:"message,omitempty"`
	MessageTemplate  string          `json:"message_template,omitempty"`
	Fingerprint      string          `json:"fingerprint,omitempty"`
	Type             string          `json:"type,omitempty"`
	Instance         string          `json:"instance,omitempty"`
	TraceID          string          `json:"trace_id,omitempty"`
	RequestID        string          `json:"request_id,omitempty"`
	VendorRequestID  string          `json:"vendor_request_id,omitempty"`
	Details          []ErrorDetail   `json:"details,omitempty"`
	RateLimit        *ErrorRateLimit `json:"rate_limit,omitempty"`
	Format           string          `json:"format,omitempty"`
	Parse            string          `json:"parse,omitempty"`
	Body             string          `json:"body,omitempty"`
	Reason           string          `json:"reason,omitempty"`
	RedactionVersion uint16          `json:"redaction_version,omitempty"`
}

// ErrorDetail is one sub-error of a response that carries several.
type ErrorDetail struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ErrorRateLimit holds the quota facts of one response; what it did not state is nil or empty.
type ErrorRateLimit struct {
	Limit     *int64 `json:"limit,omitempty"`
	Remaining *int64 `json:"remaining,omitempty"`
	ResetAt   *Time  `json:"reset_at,omitempty"`
	WindowS   *int64 `json:"window_s,omitempty"`
	Policy    string `json:"policy,omitempty"`
}

// Date is a UTC day that marshals as 2006-01-02.
type Date struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

func (d Date) String() string { return d.Format(time.DateOnly) }

func (o ErrorsOptions) withDefaults() (ErrorsOptions, error) {
	if o.Kind == "" {
		o.Kind = "error"
	}
	if !slices.Contains(RowKinds(), o.Kind) {
		return o, &UsageError{Field: "kind", Value: o.Kind, Valid: RowKinds()}
	}
	if err := checkListed(o.Limit); err != nil {
		return o, err
	}
	if o.Limit == 0 {
		o.Limit = 50
	}
	return o, nil
}

func listErrors(ctx context.Context, conn querier, f Filter, o ErrorsOptions) (Answer[ErrorRow], error) {
	o, err := o.withDefaults()
	if err != nil {
		return Answer[ErrorRow]{}, err
	}
	q, err := newQuestion(conn, f)
	if err != nil {
		return Answer[ErrorRow]{}, err
	}
	answer := newAnswer[ErrorRow](f)
	more := map[string]any{"kind": o.Kind, "limit": uint64(o.Limit)}
	err = q.ask(ctx, "errors", more, func(rows driver.Rows) error {
		row, err := scanErrorRow(rows)
		answer.Rows = append(answer.Rows, row)
		return err
	})
	if err != nil {
		return Answer[ErrorRow]{}, err
	}
	if len(answer.Rows) == o.Limit {
		if err := q.countCut(ctx, o, &answer); err != nil {
			return Answer[ErrorRow]{}, err
		}
	}
	return answer, finish(ctx, q, &answer, map[string]string{"error": "errors", "success": "successes", "dead_letter": "dead letters"}[o.Kind])
}

// countCut counts the rows that the limit left out.
func (q *question) countCut(ctx context.Context, o ErrorsOptions, answer *Answer[ErrorRow]) error {
	return q.ask(ctx, "errors_count", map[string]any{"kind": o.Kind}, func(rows driver.Rows) error {
		var count uint64
		err := rows.Scan(&count)
		answer.Cut = max(0, int(count)-len(answer.Rows))
		return err
	})
}

// rawRow holds the columns of a row whose members look different.
type rawRow struct {
	logTime, time          time.Time
	operation, fingerprint uint64
	status                 uint16
	retryAfterMS           int64
	details, rateLimit     string
}

// scanErrorRow reads a row, and what stands before its members.
func scanErrorRow(rows driver.Rows, before ...any) (ErrorRow, error) {
	var r ErrorRow
	var raw rawRow
	err := rows.Scan(append(before, &r.Kind, &r.Source, &r.Topic, &r.Partition, &r.Offset, &r.BlockDate.Time, &raw.logTime, &r.Checksum,
		&raw.time, &r.Vendor, &r.Service, &r.Environment, &r.Credential, &r.Method, &r.Host, &r.Route, &r.Path,
		&raw.operation, &r.OperationKey, &r.Attempt, &raw.status, &r.DurationMS,
		&r.Code, &r.Category, &r.Retry, &raw.retryAfterMS, &r.Title, &r.Message, &r.MessageTemplate, &raw.fingerprint, &r.Type,
		&r.Instance, &r.TraceID, &r.RequestID, &r.VendorRequestID,
		&raw.details, &raw.rateLimit,
		&r.Format, &r.Parse, &r.Body, &r.Reason, &r.RedactionVersion)...)
	if err != nil {
		return r, err
	}
	return r, raw.fill(&r)
}

// fill sets the members that are left out when they are not known.
func (raw rawRow) fill(r *ErrorRow) error {
	r.LogTime = known(raw.logTime)
	r.Time = known(raw.time)
	if r.Kind == "dead_letter" { // there was no call to describe
		r.OperationKey = ""
	} else {
		r.Status = &raw.status
		r.Operation = fmt.Sprintf("%010x", raw.operation)
	}
	if raw.fingerprint != 0 {
		r.Fingerprint = hex64(raw.fingerprint)
	}
	if raw.retryAfterMS >= 0 && r.Kind == "error" {
		r.RetryAfterMS = &raw.retryAfterMS
	}
	if raw.details != "" {
		if err := json.Unmarshal([]byte(raw.details), &r.Details); err != nil {
			return fmt.Errorf("details: %w", err)
		}
	}
	return r.readRateLimit(raw.rateLimit)
}

func (r *ErrorRow) readRateLimit(text string) error {
	if text == "" {
		return nil
	}
	var stored struct {
		ErrorRateLimit
		ResetAt *int64 `json:"reset_at"` // Unix milliseconds
	}
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return fmt.Errorf("rate_limit: %w", err)
	}
	r.RateLimit = &stored.ErrorRateLimit
	if stored.ResetAt != nil {
		at := millis(*stored.ResetAt)
		r.RateLimit.ResetAt = &at
	}
	return nil
}

func hex64(n uint64) string { return fmt.Sprintf("%016x", n) }

// known returns nil for the epoch, which stands for "not stated".
func known(t time.Time) *Time {
	if t.UnixMilli() == 0 {
		return nil
	}
	return &Time{t.UTC()}
}
