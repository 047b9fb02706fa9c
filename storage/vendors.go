package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// VendorsOptions choose how much of a Vendors answer is shown. The zero value means the defaults.
type VendorsOptions struct {
	Limit  int // vendors; 0 = 50
	Shapes int // shapes of each vendor; 0 = 3

	// Defined tells whether errata has a definition of this name, which a new one would replace. Nil
	// means that it has none.
	Defined func(name string) bool
}

// VendorRow says how much of a vendor's traffic fails, and how well its error bodies are understood.
// The three shares are of the errors that had a body, and sum to 1.
type VendorRow struct {
	Vendor          string        `json:"vendor"`
	Definition      bool          `json:"definition"` // errata has one of this name
	Responses       uint64        `json:"responses"`
	Errors          uint64        `json:"errors"`
	ErrorRate       *float64      `json:"error_rate"` // errors / responses; nil = successes are no longer stored
	Bodies          uint64        `json:"bodies"`     // errors with a body that was logged
	Recognised      uint64        `json:"recognised"` // by a definition of the vendor
	Generic         uint64        `json:"generic"`    // by what is common to many vendors
	Unparsed        uint64        `json:"unparsed"`
	RecognisedShare *float64      `json:"recognised_share"` // nil without bodies
	GenericShare    *float64      `json:"generic_share"`
	UnparsedShare   *float64      `json:"unparsed_share"`
	Shapes          []VendorShape `json:"shapes"` // the most frequent bodies that no definition recognised
}

// VendorShape is one kind of body that no definition of the vendor recognised.
type VendorShape struct {
	Host            string  `json:"host"`
	Status          uint16  `json:"status"`
	Parse           string  `json:"parse"`  // generic or unparsed
	Format          string  `json:"format"` // such as problem, json or html
	MessageTemplate string  `json:"message_template"`
	Count           uint64  `json:"count"`
	Share           float64 `json:"share"` // of the vendor's bodies
	FirstSeen       Time    `json:"first_seen"`
	LastSeen        Time    `json:"last_seen"`
	Example         string  `json:"example"` // the last one's excerpt, else its message
	Command         *string `json:"command"` // starts a definition; nil when there is one, or no host to tell it by

	key shapeKey
}

// shapeKey identifies a shape. message is a fingerprint, of unparsed bodies only.
type shapeKey struct {
	vendor, host  string
	status        uint16
	parse, format string
	message       uint64
}

func (k *shapeKey) targets() []any {
	return []any{&k.vendor, &k.host, &k.status, &k.parse, &k.format, &k.message}
}

func (k *shapeKey) hasBody() bool { return k.format != "" && k.format != "empty" }

// maxShapes bounds those of one vendor.
const maxShapes = 1000

func (o VendorsOptions) withDefaults() (VendorsOptions, error) {
	if err := checkListed(o.Limit); err != nil {
		return o, err
	}
	if o.Shapes < 0 || o.Shapes > maxShapes {
		return o, &UsageError{Field: "shapes", Value: strconv.Itoa(o.Shapes), Valid: []string{fmt.Sprintf("0 to %d", maxShapes)}}
	}
	if o.Limit == 0 {
		o.Limit = 50
	}
	if o.Shapes == 0 {
		o.Shapes = 3
	}
	if o.Defined == nil {
		o.Defined = func(string) bool { return false }
	}
	return o, nil
}

// vendorsQuestion collects the answer.
type vendorsQuestion struct {
	*question
	options VendorsOptions
	answer  Answer[VendorRow]
	shown   map[string]*VendorRow
}

// Vendors tells for each vendor how much of its traffic fails and how well its error bodies are
// understood, the one with the most errors first.
func (db *DB) Vendors(ctx context.Context, f Filter, o VendorsOptions) (Answer[VendorRow], error) {
	return vendors(ctx, db.conn, f, o)
}

func vendors(ctx context.Context, conn querier, f Filter, o VendorsOptions) (Answer[VendorRow], error) {
	o, err := o.withDefaults()
	if err != nil {
		return Answer[VendorRow]{}, err
	}
	q, err := newQuestion(conn, f)
	if err != nil {
		return Answer[VendorRow]{}, err
	}
	v := &vendorsQuestion{question: q, options: o, answer: newAnswer[VendorRow](f), shown: map[string]*VendorRow{}}
	for _, step := range []func(context.Context) error{v.readVendors, v.readShapes, v.readExamples, v.dropRates} {
		if err := step(ctx); err != nil {
			return Answer[VendorRow]{}, err
		}
	}
	v.shape()
	return v.answer, finish(ctx, q, &v.answer, "responses")
}

func (v *vendorsQuestion) readVendors(ctx context.Context) error {
	more := with(wholeParts(v.filter.From, v.filter.To), map[string]any{"shown_vendors": []string{}, "limit": uint64(v.options.Limit)})
	err := v.ask(ctx, "vendors", more, func(rows driver.Rows) error {
		r := VendorRow{Shapes: []VendorShape{}}
		var all uint64
		err := rows.Scan(&r.Vendor, &r.Responses, &r.Errors, &r.Recognised, &r.Generic, &r.Unparsed, &all)
		r.ErrorRate = ratio(r.Errors, r.Responses)
		v.answer.Rows = append(v.answer.Rows, r)
		v.answer.Cut = int(all) - len(v.answer.Rows)
		return err
	})
	for i := range v.answer.Rows {
		v.shown[v.answer.Rows[i].Vendor] = &v.answer.Rows[i]
	}
	return err
}

// readShapes reads which bodies are not recognised. It also learns which errors had no body at all, and
// takes them out of the counts.
func (v *vendorsQuestion) readShapes(ctx context.Context) error {
	if len(v.shown) == 0 {
		return nil
	}
	bodiless := map[string][2]uint64{}
	more := map[string]any{"shown_vendors": v.vendors(), "shapes": uint64(v.options.Shapes)}
	err := v.ask(ctx, "vendors_shapes", more, func(rows driver.Rows) error {
		var s VendorShape
		var without [2]uint64
		err := rows.Scan(append(s.key.targets(), &s.Count, &s.FirstSeen.Time, &s.LastSeen.Time, &without[0], &without[1])...)
		bodiless[s.key.vendor] = without
		if row := v.shown[s.key.vendor]; row != nil && s.key.hasBody() {
			s.Host, s.Status, s.Parse, s.Format = s.key.host, s.key.status, s.key.parse, s.key.format
			row.Shapes = append(row.Shapes, s)
		}
		return err
	})
	for vendor, without := range bodiless {
		row := v.shown[vendor]
		row.Generic -= min(row.Generic, without[0])
		row.Unparsed -= min(row.Unparsed, without[1])
	}
	return err
}

// readExamples reads what the last body of each shape said: texts are read for few rows only.
func (v *vendorsQuestion) readExamples(ctx context.Context) error {
	shapes := map[shapeKey]*VendorShape{}
	var times []time.Time
	for i := range v.answer.Rows {
		row := &v.answer.Rows[i]
		for j := range row.Shapes {
			shapes[row.Shapes[j].key] = &row.Shapes[j]
			times = append(times, row.Shapes[j].LastSeen.Time)
		}
	}
	if len(shapes) == 0 {
		return nil
	}
	more := map[string]any{"shown_vendors": v.vendors(), "last_times": times}
	return v.ask(ctx, "vendors_examples", more, func(rows driver.Rows) error {
		var key shapeKey
		var at time.Time
		var template, example string
		err := rows.Scan(append(key.targets(), &at, &template, &example)...)
		if shape := shapes[key]; shape != nil && shape.LastSeen.Equal(at) {
			shape.MessageTemplate, shape.Example = template, example
		}
		return err
	})
}

// dropRates takes the rates back when successes of the range may be gone.
func (v *vendorsQuestion) dropRates(ctx context.Context) error {
	days, err := v.successesExpired(ctx)
	if err != nil || days == 0 {
		return err
	}
	for i := range v.answer.Rows {
		v.answer.Rows[i].ErrorRate = nil
	}
	v.answer.Notes = append(v.answer.Notes, fmt.Sprintf("no error rates: successes are kept for %d days, and some of this range were inserted before", days))
	return nil
}

func (v *vendorsQuestion) vendors() []string {
	names := make([]string, len(v.answer.Rows))
	for i, row := range v.answer.Rows {
		names[i] = row.Vendor
	}
	return names
}

// shape derives the members that need no server.
func (v *vendorsQuestion) shape() {
	for i := range v.answer.Rows {
		r := &v.answer.Rows[i]
		r.Definition = v.options.Defined(r.Vendor)
		r.Bodies = r.Recognised + r.Generic + r.Unparsed
		r.RecognisedShare = ratio(r.Recognised, r.Bodies)
		r.GenericShare = ratio(r.Generic, r.Bodies)
		r.UnparsedShare = ratio(r.Unparsed, r.Bodies)
		for j := range r.Shapes {
			s := &r.Shapes[j]
			if r.Bodies > 0 {
				s.Share = float64(s.Count) / float64(r.Bodies)
			}
			if !r.Definition {
				s.Command = startDefinition(r.Vendor, s.Host, v.options.Defined)
			}
		}
	}
}

// startDefinition returns the command that starts a definition for the host, or nil when a definition
// cannot name such a host. Nothing in it needs quotes: name and host hold only letters, digits, - _ and
// points, which vendors and hosts of hostile records do not pass.
func startDefinition(vendor, host string, defined func(string) bool) *string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	name := definitionName(vendor, host, defined)
	if !isDefinableHost(host) || name == "" {
		return nil
	}
	command := "ingest vendors new " + name + " --host=" + host + " --dir=our-vendors"
	return &command
}

// definitionName is the vendor's own name, or, as vendors without a definition are called by their
// domain, its first label; the whole domain when that name is taken.
func definitionName(vendor, host string, defined func(string) bool) string {
	label, _, isDomain := strings.Cut(strings.ToLower(vendor), ".")
	names := []string{label}
	if isDomain {
		names = append(names, vendor)
	}
	names = append(names, host)
	for _, name := range names {
		name = plainName(name)
		if name != "" && name != "unknown" && name != "generic" && !defined(name) {
			return name
		}
	}
	return ""
}

// plainName keeps what a definition's name may hold.
func plainName(text string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			return r
		}
		return '_'
	}, strings.ToLower(text))
	name = strings.Trim(name, "_-")
	return name[:min(len(name), 63)]
}

// isDefinableHost tells whether a definition can name the host: labels joined by points, and no address.
func isDefinableHost(host string) bool {
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(last, "0123456789") == "" {
		return false
	}
	return !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
	})
}
