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
	// stormMargin is how far around the range a storm that overlaps it is followed. One that goes on after that is followed
	// for a day more.
	stormMargin = time.Hour
	stormDay    = 24 * time.Hour
	// ordinaryMargin is how far back the ordinary calls of an operation are looked for.
	ordinaryMargin = 24 * time.Hour
	// historyMargin is the history that a unit with weak keys is measured against.
	historyMargin = time.Hour

	// Of the operations that failed again and again, those of the units with the most such failures
	// are looked at.
	maxStormOperations = 50_000
	maxStormFailures   = 500_000
	maxStormAttempts   = 1_000_000 // those failures, and the ordinary calls before them
)

// StormOptions say what a retry storm is. The zero value means the defaults.
type StormOptions struct {
	Gap           time.Duration // longest pause between two attempts of one run; 0 = 60 s
	MinAttempts   int           // attempts of a run; 0 = 5
	Amplification float64       // attempts per operation of a storm; 0 = 3
	Limit         int           // storms returned; 0 = all

	operations int // that are looked at; 0 = maxStormOperations
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
	Statuses            []uint16 `json:"-"`     // of the failed attempts without a code, most frequent first; 0 = no response
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
	ByRate              bool     `json:"-"` // nothing tells the calls apart: Operations are those of ordinary minutes
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
	if o.operations == 0 {
		o.operations = maxStormOperations
	}
	return o, nil
}

// stormQuestion is one Storms answer in the making.
type stormQuestion struct {
	*question
	options StormOptions
	answer  Answer[StormRow]
	after   time.Duration // that storms are followed after the range
	begins  int64         // first and last response of the data that is looked at, Unix milliseconds
	end     int64
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
	s := &stormQuestion{question: q, options: o}
	for _, s.after = range []time.Duration{stormMargin, stormMargin + stormDay} {
		s.answer = newAnswer[StormRow](f)
		if err := s.find(ctx); err != nil {
			return Answer[StormRow]{}, err
		}
		if !s.goesOn() {
			break
		}
	}
	if s.goesOn() {
		s.answer.Notes = append(s.answer.Notes, "storms are followed for a day after the range; one of them goes on beyond that")
	}
	slices.SortFunc(s.answer.Rows, compareStorms)
	s.answer.cutTo(o.Limit)
	return s.answer, finish(ctx, q, &s.answer, "retry storms")
}

// find adds the storms to the answer, as far as they are followed.
func (s *stormQuestion) find(ctx context.Context) error {
	if err := s.readData(ctx); err != nil {
		return err
	}
	strong, err := s.strongStorms(ctx)
	if err != nil {
		return err
	}
	weak, err := s.weakStorms(ctx)
	if err != nil {
		return err
	}
	for _, found := range append(strong, weak...) {
		s.add(found)
	}
	return nil
}

// goesOn says whether a storm was not over where it was followed to, and the data was not either.
func (s *stormQuestion) goesOn() bool {
	return s.end == s.until().UnixMilli() &&
		slices.ContainsFunc(s.answer.Rows, func(r StormRow) bool { return r.Outcome == OutcomeOngoing })
}

func (s *stormQuestion) until() time.Time { return s.filter.To.Add(s.after).UTC() }

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

// readData finds where the data begins, before which nothing is known, and where it ends, which tells
// an ongoing storm from one that gave up. Data that is complete only up to some earlier instant ends there.
func (s *stormQuestion) readData(ctx context.Context) error {
	err := s.ask(ctx, "storm_data", s.margins(), func(rows driver.Rows) error {
		var count uint64
		return rows.Scan(&s.begins, &s.end, &count)
	})
	if err != nil {
		return err
	}
	until, _, err := s.completeUntil(ctx)
	if until != nil {
		s.end = min(s.end, until.UnixMilli())
	}
	return err
}

// margins are the parameters of a range widened on both sides.
func (s *stormQuestion) margins() map[string]any {
	since := s.filter.From.Add(-stormMargin).UTC()
	return map[string]any{
		"since":          since,
		"until":          s.until(),
		"ordinary_since": since.Add(-ordinaryMargin),
		"baseline_since": since.Add(-historyMargin),
		"min_attempts":   uint64(s.options.MinAttempts),
		"gap_ms":         s.options.Gap.Milliseconds(),
		"max_operations": uint64(s.options.operations),
		"max_failures":   uint64(maxStormFailures),
		"max_attempts":   uint64(maxStormAttempts),
	}
}

// strongStorms finds the storms of operations that are told apart.
func (s *stormQuestion) strongStorms(ctx context.Context) ([]storm, error) {
	attempts, err := s.readAttempts(ctx)
	if err != nil {
		return nil, err
	}
	counted, err := s.readCounted(ctx)
	if err != nil {
		return nil, err
	}
	begins := max(s.begins, s.filter.From.Add(-stormMargin-ordinaryMargin).UnixMilli())
	runs := append(findRuns(attempts, begins, s.options), findRuns(counted, begins, s.options)...)
	return joinRuns(runs, s.options.Gap.Milliseconds()), nil
}

// readAttempts fetches the attempts of operations that a key or the path tells apart.
func (s *stormQuestion) readAttempts(ctx context.Context) (attempts []attempt, err error) {
	more, err := s.readOperations(ctx)
	if err != nil || more == nil {
		return nil, err
	}
	err = s.ask(ctx, "storm_attempts", more, func(rows driver.Rows) error {
		var a attempt
		err := rows.Scan(append(a.unitTargets(), &a.calledSince)...)
		attempts = append(attempts, a)
		return err
	})
	s.noteCut(len(attempts))
	return attempts, err
}

// readOperations returns the parameters that name the operations with chains of failures, nil if there are none.
func (s *stormQuestion) readOperations(ctx context.Context) (map[string]any, error) {
	var operations []uint64
	var candidates uint64
	vendors := map[string]struct{}{}
	err := s.ask(ctx, "storm_operations", s.margins(), func(rows driver.Rows) error {
		var operation uint64
		var vendor string
		err := rows.Scan(&operation, &vendor, &candidates)
		operations = append(operations, operation)
		vendors[vendor] = struct{}{}
		return err
	})
	if err != nil || len(operations) == 0 {
		return nil, err
	}
	if n := uint64(len(operations)); n < candidates {
		s.answer.Notes = append(s.answer.Notes, fmt.Sprintf(
			"only %d of %d operations that failed repeatedly were looked at, those of the busiest services and endpoints: small storms may be missing, narrow the range or the filters", n, candidates))
	}
	names := slices.Sorted(maps.Keys(vendors))
	return with(s.margins(), map[string]any{"operations": operations, "operation_vendors": names}), nil
}

func (s *stormQuestion) noteCut(attempts int) {
	if attempts >= maxStormAttempts {
		s.answer.Notes = append(s.answer.Notes, fmt.Sprintf("only %d attempts were looked at: storms may be missing or too small, narrow the range or the filters", attempts))
	}
}
