package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// stormMargin is how far around the range a storm that overlaps it is followed.
	stormMargin = time.Hour
	// ordinaryMargin is how far back the ordinary calls of an operation are looked for.
	ordinaryMargin = 24 * time.Hour
	// historyMargin is the history that a unit with weak keys is measured against.
	historyMargin = time.Hour

	maxStormOperations = 20_000
	maxStormAttempts   = 500_000
)

// StormOptions say what a retry storm is. The zero value means the defaults.
type StormOptions struct {
	Gap           time.Duration // longest pause between two attempts of one run; 0 = 60 s
	MinAttempts   int           // attempts of a run; 0 = 5
	Amplification float64       // attempts per operation of a storm; 0 = 3
	Limit         int           // storms returned; 0 = all
}

// StormRow is one retry storm: runs of retries of one service against one endpoint.
type StormRow struct {
	Vendor              string   `json:"vendor"`
	Service             string   `json:"service"`
	Method              string   `json:"method"`
	Endpoint            string   `json:"endpoint"` // METHOD /route/{id}
	Start               Time     `json:"start"`
	End                 Time     `json:"end"` // of the last attempt
	DurationS           float64  `json:"duration_s"`
	Codes               []string `json:"codes"` // of the failed attempts, most frequent first
	Attempts            uint64   `json:"attempts"`
	Operations          uint64   `json:"operations"`
	Amplification       float64  `json:"amplification"` // attempts / operations
	RetryShare          float64  `json:"retry_share"`   // retries / attempts, 0 to 1
	PeakPerS            uint64   `json:"peak_per_s"`    // attempts in one calendar second
	MedianGapMS         float64  `json:"median_gap_ms"`
	Backoff             Backoff  `json:"backoff"`
	Jitter              bool     `json:"jitter"`
	EarlyRetries        uint64   `json:"early_retries"`        // sent before the Retry-After had elapsed
	NonretryableRetries uint64   `json:"nonretryable_retries"` // after an error that says: do not retry
	Wasted              uint64   `json:"wasted"`               // failed attempts after each operation's first
	Outcome             Outcome  `json:"outcome"`
}

// Outcome says how a storm ended.
type Outcome string

// The outcomes. Ongoing means that the last attempt failed less than the gap before the end of the data.
const (
	OutcomeRecovered Outcome = "recovered"
	OutcomeGaveUp    Outcome = "gave_up"
	OutcomeOngoing   Outcome = "ongoing"
)

func (o StormOptions) withDefaults() (StormOptions, error) {
	for name, value := range map[string]float64{"gap": float64(o.Gap), "attempts": float64(o.MinAttempts), "amplification": o.Amplification, "limit": float64(o.Limit)} {
		if value < 0 {
			return o, &UsageError{Field: name, Value: strconv.FormatFloat(value, 'g', -1, 64), Valid: []string{"0 or more"}}
		}
	}
	if o.Gap == 0 {
		o.Gap = time.Minute
	}
	if o.MinAttempts == 0 {
		o.MinAttempts = 5
	}
	if o.MinAttempts == 1 {
		return o, &UsageError{Field: "attempts", Value: strconv.Itoa(o.MinAttempts), Valid: []string{"2 or more"}}
	}
	if o.Amplification == 0 {
		o.Amplification = 3
	}
	return o, nil
}

// stormQuestion is one Storms answer in the making.
type stormQuestion struct {
	*question
	options StormOptions
	answer  Answer[StormRow]
	end     int64 // end of the data, Unix milliseconds
}

func storms(ctx context.Context, conn querier, f Filter, o StormOptions) (Answer[StormRow], error) {
	o, err := o.withDefaults()
	if err != nil {
		return Answer[StormRow]{}, err
	}
	q, err := newQuestion(conn, f)
	if err != nil {
		return Answer[StormRow]{}, err
	}
	s := &stormQuestion{question: q, options: o, answer: newAnswer[StormRow](f)}
	if err := s.readEnd(ctx); err != nil {
		return Answer[StormRow]{}, err
	}
	strong, err := s.strongStorms(ctx)
	if err != nil {
		return Answer[StormRow]{}, err
	}
	weak, err := s.weakStorms(ctx)
	if err != nil {
		return Answer[StormRow]{}, err
	}
	for _, found := range append(strong, weak...) {
		s.add(found)
	}
	slices.SortFunc(s.answer.Rows, compareStorms)
	s.answer.cutTo(o.Limit)
	return s.answer, finish(ctx, q, &s.answer, "retry storms")
}

// compareStorms puts the storm with the most attempts first.
func compareStorms(a, b StormRow) int {
	if a.Attempts != b.Attempts {
		return int(b.Attempts) - int(a.Attempts)
	}
	if c := a.Start.Compare(b.Start.Time); c != 0 {
		return c
	}
	return strings.Compare(a.Vendor+"\x00"+a.Service+"\x00"+a.Endpoint, b.Vendor+"\x00"+b.Service+"\x00"+b.Endpoint)
}

// add describes a storm if it overlaps the range and passes the filters on its failures.
func (s *stormQuestion) add(found storm) {
	if found.amplification() < s.options.Amplification || !found.matches() {
		return
	}
	row := found.describe(s.end, s.options.Gap.Milliseconds())
	if row.Start.Before(s.filter.To) && !row.End.Before(s.filter.From) {
		s.answer.Rows = append(s.answer.Rows, row)
	}
}

// readEnd finds the end of the data, which tells an ongoing storm from one that gave up.
func (s *stormQuestion) readEnd(ctx context.Context) error {
	until, _, err := s.completeUntil(ctx)
	if err != nil {
		return err
	}
	if until != nil {
		s.end = until.UnixMilli()
		return nil
	}
	held, err := s.readDataRange(ctx)
	s.end = held.last.UnixMilli()
	return err
}

// margins are the parameters of a range widened on both sides.
func (s *stormQuestion) margins() map[string]any {
	since := s.filter.From.Add(-stormMargin).UTC()
	return map[string]any{
		"since":          since,
		"until":          s.filter.To.Add(stormMargin).UTC(),
		"ordinary_since": since.Add(-ordinaryMargin),
		"baseline_since": since.Add(-historyMargin),
		"min_attempts":   uint64(s.options.MinAttempts),
		"gap_ms":         s.options.Gap.Milliseconds(),
		"max_operations": uint64(maxStormOperations),
		"max_attempts":   uint64(maxStormAttempts),
	}
}

// strongStorms finds the storms of operations that are told apart.
func (s *stormQuestion) strongStorms(ctx context.Context) ([]storm, error) {
	more, err := s.readOperations(ctx)
	if err != nil || more == nil {
		return nil, err
	}
	var attempts []attempt
	err = s.ask(ctx, "storm_attempts", more, func(rows driver.Rows) error {
		var a attempt
		err := rows.Scan(append(a.targets(), &a.unit.vendor, &a.unit.service, &a.unit.method, &a.unit.route, &a.code)...)
		attempts = append(attempts, a)
		s.end = max(s.end, a.at)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.noteCut(len(attempts))
	return joinRuns(findRuns(attempts, s.options), s.options.Gap.Milliseconds()), nil
}

// readOperations returns the parameters that name the operations with runs, nil if there are none.
func (s *stormQuestion) readOperations(ctx context.Context) (map[string]any, error) {
	var operations []uint64
	vendors := map[string]struct{}{}
	err := s.ask(ctx, "storm_operations", s.margins(), func(rows driver.Rows) error {
		var operation uint64
		var vendor string
		err := rows.Scan(&operation, &vendor)
		operations = append(operations, operation)
		vendors[vendor] = struct{}{}
		return err
	})
	if err != nil || len(operations) == 0 {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(vendors))
	return with(s.margins(), map[string]any{"operations": operations, "operation_vendors": names}), nil
}

func (s *stormQuestion) noteCut(attempts int) {
	if attempts >= maxStormAttempts {
		s.answer.Notes = append(s.answer.Notes, fmt.Sprintf("only %d attempts were looked at: storms may be missing or too small, narrow the range or the filters", attempts))
	}
}
