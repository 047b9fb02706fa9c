// Package simulate writes response logs that look like those of a company calling six vendors, and
// knows the truth of what it wrote: how many errors of which code, which retry storms, throttled
// windows and spikes. Demo, tests and benchmarks share it.
//
// It is deterministic: the same options give the same bytes. It reads no clock, uses no global
// random source, performs no I/O and keeps no record in memory after handing it out.
// It does not judge parsers or queries; it only says what a perfect one would answer.
package simulate

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Decoys says whether the log contains things that look like incidents and are none: a poller of a
// missing resource, health checks, an outage of under two minutes, and stray 429 answers.
type Decoys uint8

// The decoy settings.
const (
	DecoysOn Decoys = iota
	DecoysOff
)

// Options of a Generator. Only End is required.
type Options struct {
	Seed uint64
	// End is the end of the log; every record lies in [End-Duration, End).
	End time.Time
	// Duration of the log. 0 means 24 hours. At least one minute.
	Duration time.Duration
	// Records is how many records of ordinary calls are written, about: their retries, the events
	// and the decoys come on top. 0 means 200,000.
	Records int
	// ErrorRate is the share of ordinary calls that fail, at most 1. 0 means 0.05, negative none.
	ErrorRate float64
	// Malformed is the share of records broken on purpose, at most 1. 0 means a dozen in 200,000,
	// negative none.
	Malformed float64
	// Vendors and Services keep the traffic of these only. Empty means all.
	Vendors  []string
	Services []string
	// Events are injected. nil means DefaultEvents when the log is an hour or longer; an empty
	// slice that is not nil means none.
	Events []Event
	Decoys Decoys
	// LargeBody, when positive, adds one error record whose body has about so many bytes.
	LargeBody int
	// MaxRecord is the size limit, in bytes, of the parser that the truth is about: a record above
	// it counts as a dead letter. 0 means no limit.
	MaxRecord int
}

// Defaults of Options.
const (
	DefaultDuration  = 24 * time.Hour
	DefaultRecords   = 200_000
	DefaultErrorRate = 0.05
	DefaultMalformed = 12.0 / 200_000
)

// New checks the options and prepares a generator; it writes no record yet.
func New(options Options) (*Generator, error) {
	o := options.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	w, err := newWorld(o)
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	g := newGenerator(o, w)
	if err := g.inject(o); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	return g, nil
}

func (o Options) withDefaults() Options {
	if o.Duration == 0 {
		o.Duration = DefaultDuration
	}
	if o.Records == 0 {
		o.Records = DefaultRecords
	}
	o.ErrorRate = rate(o.ErrorRate, DefaultErrorRate)
	o.Malformed = rate(o.Malformed, DefaultMalformed)
	if o.Events == nil && o.Duration >= time.Hour {
		o.Events = defaultEventsFor(o)
	}
	return o
}

// rate reads a share whose zero value stands for a default and whose negative values for none.
func rate(value, byDefault float64) float64 {
	switch {
	case value == 0:
		return byDefault
	case value < 0:
		return 0
	}
	return value
}

func (o Options) validate() error {
	switch {
	case o.End.IsZero():
		return errors.New("options: End is required")
	case o.Duration < time.Minute:
		return fmt.Errorf("options: Duration is %v, want at least 1m", o.Duration)
	case o.Records < 0:
		return fmt.Errorf("options: Records is %d, want 1 or more", o.Records)
	case o.ErrorRate > 1 || o.Malformed > 1:
		return fmt.Errorf("options: ErrorRate is %v and Malformed %v, want shares up to 1", o.ErrorRate, o.Malformed)
	}
	if err := knownNames("vendor", o.Vendors, VendorNames()); err != nil {
		return err
	}
	return knownNames("service", o.Services, ServiceNames())
}

func knownNames(what string, given, known []string) error {
	for _, name := range given {
		if !slices.Contains(known, name) {
			return fmt.Errorf("options: no %s %q, want one of %q", what, name, known)
		}
	}
	return nil
}

func (o Options) startMS() int64 { return o.End.Add(-o.Duration).UnixMilli() }
func (o Options) endMS() int64   { return o.End.UnixMilli() }
