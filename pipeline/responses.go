package pipeline

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/errata-dev/errata/parsers"
)

// maxVendorLabels bounds the label vendor, whose values come from the records: the vendors after so many are
// counted as otherVendor, which is no vendor's name since it is in brackets.
const (
	maxVendorLabels = 200
	otherVendor     = "(other)"
)

// answers counts responses of one vendor by status class (0 = no response) and category ("" = a success).
type answers [6][parsers.CategoryOther + 1]int64

// responses counts what vendors answered.
type responses map[string]*answers

// add counts a response n times; a dead letter is none.
func (r responses) add(row *parsers.Row, n int64) {
	if row.Kind == parsers.KindDeadLetter {
		return
	}
	a := r[string(row.Vendor)]
	if a == nil {
		a = new(answers)
		r[string(row.Vendor)] = a
	}
	a[min(int(row.Status/100), len(a)-1)][row.Category] += n
}

// responseMetrics are the counters of responses.
type responseMetrics struct {
	counter *prometheus.CounterVec

	mu      sync.Mutex
	vendors map[string]bool
}

func newResponseMetrics() *responseMetrics {
	return &responseMetrics{
		counter: counterVec("responses_total", "Responses delivered, by vendor, class of the HTTP status (none without a response) and category of the error (empty for a success).", "vendor", "status_class", "category"),
		vendors: map[string]bool{},
	}
}

// label is the vendor as a label.
func (m *responseMetrics) label(vendor string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.vendors[vendor] && len(m.vendors) >= maxVendorLabels {
		return otherVendor
	}
	m.vendors[vendor] = true
	return vendor
}

func (m *responseMetrics) count(r responses) {
	for vendor, a := range r {
		label := m.label(vendor)
		for class := range a {
			for category, n := range a[class] {
				if n > 0 {
					m.counter.WithLabelValues(label, classLabel(class), parsers.Category(category).String()).Add(float64(n))
				}
			}
		}
	}
}

func classLabel(class int) string {
	if class == 0 {
		return "none"
	}
	return strconv.Itoa(class) + "xx"
}
