package storage

import "slices"

// TopRow is one group of errors. The members that did not make the group are nil.
type TopRow struct {
	Vendor        *string  `json:"vendor,omitempty"`
	Service       *string  `json:"service,omitempty"`
	Environment   *string  `json:"environment,omitempty"`
	Endpoint      *string  `json:"endpoint,omitempty"` // METHOD /route/{id}
	Status        *uint16  `json:"status,omitempty"`
	Code          *string  `json:"code,omitempty"`
	Fingerprint   *string  `json:"fingerprint,omitempty"` // 16 hex digits
	Category      string   `json:"category"`              // the most frequent one of the group
	Retry         string   `json:"retry"`                 // the most frequent one of the group
	Count         uint64   `json:"count"`
	Share         float64  `json:"share"`      // of all errors under the same filters, 0 to 1
	ErrorRate     *float64 `json:"error_rate"` // of all responses, 0 to 1; nil = successes are no longer stored
	Services      uint64   `json:"services"`
	Endpoints     uint64   `json:"endpoints"`
	Operations    uint64   `json:"operations"`
	FirstSeen     Time     `json:"first_seen"` // within the range
	LastSeen      Time     `json:"last_seen"`
	PreviousCount uint64   `json:"previous_count"` // in the equal window before the range
	Change        *float64 `json:"change"`         // (count - previous) / previous; nil when previous is 0
	Trend         []uint64 `json:"trend"`          // 24 equal parts of the range
	Message       string   `json:"message"`        // the latest that is not empty
	Advice        string   `json:"advice"`

	group group
}

// group is what tells a group from the others; columns that do not make groups are zero.
type group struct {
	key                                    uint64 // of the statements
	vendor, service, environment, endpoint string
	status                                 uint16
	code                                   string
	fingerprint                            uint64
}

// targets are where the columns that make groups are scanned to, in the order of GroupColumns.
func (g *group) targets(by []string) []any {
	targets := []any{&g.key}
	for _, column := range []struct {
		name   string
		target any
	}{{"vendor", &g.vendor}, {"service", &g.service}, {"environment", &g.environment}, {"endpoint", &g.endpoint}, {"status", &g.status}, {"code", &g.code}} {
		if slices.Contains(by, column.name) {
			targets = append(targets, column.target)
		}
	}
	if slices.Contains(by, "code") || slices.Contains(by, "fingerprint") {
		targets = append(targets, &g.fingerprint)
	}
	return targets
}

// show sets the members that make the group. Its key meant something to this question's statements only.
func (r *TopRow) show(by []string) {
	r.group.key = 0
	for _, column := range by {
		switch column {
		case "vendor":
			r.Vendor = &r.group.vendor
		case "service":
			r.Service = &r.group.service
		case "environment":
			r.Environment = &r.group.environment
		case "endpoint":
			r.Endpoint = &r.group.endpoint
		case "status":
			r.Status = &r.group.status
		case "code":
			r.Code = &r.group.code
		case "fingerprint":
			text := hex64(r.group.fingerprint)
			r.Fingerprint = &text
		}
	}
}
