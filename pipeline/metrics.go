package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline/grant"
)

// Metrics are the ingester's Prometheus metrics. Their labels are closed vocabularies, topics and
// partitions, and the names of at most 200 vendors; never other text from a record.
type Metrics struct {
	records      *prometheus.CounterVec
	deadLetters  *prometheus.CounterVec
	responses    *responseMetrics
	bytes        prometheus.Counter
	blockRows    prometheus.Histogram
	blockBytes   prometheus.Histogram
	blockAge     prometheus.Histogram
	insertTime   prometheus.Histogram
	insertErrors *prometheus.CounterVec
	commits      *prometheus.CounterVec
	resolutions  *prometheus.CounterVec
	doubts       *prometheus.CounterVec
	lag          *prometheus.GaugeVec
	skipped      prometheus.Counter
	holes        prometheus.Counter
	gaps         *prometheus.CounterVec
	halted       prometheus.Gauge
	stalled      prometheus.Gauge
	doubtful     prometheus.Gauge
	surplus      prometheus.Gauge
	memory       prometheus.Gauge
}

// NewMetrics makes the metrics and registers them; it fails if reg has them already.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := newMetrics()
	m.begin()
	for _, c := range []prometheus.Collector{
		m.records, m.deadLetters, m.responses.counter, m.bytes, m.blockRows, m.blockBytes, m.blockAge, m.insertTime, m.insertErrors,
		m.commits, m.resolutions, m.doubts, m.lag, m.skipped, m.holes, m.gaps, m.halted, m.stalled, m.doubtful, m.surplus, m.memory,
	} {
		if err := reg.Register(c); err != nil {
			return nil, err // the registry names the metric
		}
	}
	return m, nil
}

func newMetrics() *Metrics {
	return &Metrics{
		records:      counterVec("records_total", "Records delivered to the table.", "kind"),
		deadLetters:  counterVec("dead_letters_total", "Records that could not be decoded, delivered with their reason.", "reason"),
		responses:    newResponseMetrics(),
		bytes:        counter("record_bytes_total", "Bytes of the values of delivered records."),
		blockRows:    histogram("block_rows", "Rows of delivered blocks.", prometheus.ExponentialBuckets(1, 10, 6)),
		blockBytes:   histogram("block_bytes", "Bytes of the columns of delivered blocks.", prometheus.ExponentialBuckets(1<<10, 8, 6)),
		blockAge:     histogram("block_age_seconds", "From a block's first record until its rows are in the table.", prometheus.ExponentialBuckets(.05, 2, 10)),
		insertTime:   histogram("insert_seconds", "Duration of acknowledged inserts.", prometheus.ExponentialBuckets(.005, 2, 12)),
		insertErrors: counterVec("insert_errors_total", "Inserts that were not cleanly acknowledged.", "class"),
		commits:      counterVec("commits_total", "Partitions' offset commits by how they ended: accepted, refused, fenced or unanswered.", "outcome"),
		resolutions:  counterVec("resolutions_total", "Grants whose insert was not cleanly acknowledged, by what the table said in the end: present, missing or surplus.", "result"),
		doubts:       counterVec("inserts_unacknowledged_total", "Inserts that were not cleanly acknowledged: unsent, ended (refused by the server) or ambiguous.", "outcome"),
		lag:          gaugeVec("lag", "Records that are in the log and not yet in the table.", "topic", "partition"),
		skipped:      counter("readback_skipped_total", "Records that were read again and whose rows were in the table already."),
		holes:        counter("offset_holes_total", "Offsets without a record: control records, aborted transactions, compaction."),
		gaps:         counterVec("gaps_total", "Stretches of records that will never have rows, by kind: retention, recreated, unreadable or skipped.", "kind"),
		halted:       gauge("partitions_halted", "Owned partitions that wait for an operator."),
		stalled:      gauge("partitions_stalled", "Owned partitions that have had records for a minute and delivered none."),
		doubtful:     gauge("partitions_in_doubt", "Owned partitions that wait until it is known what became of a predecessor's insert, at most a grant's time."),
		surplus:      gauge("surplus_rows", "Rows beyond one for each record that the last read-back with such rows found; anything but 0 is a fault."),
		memory:       gauge("memory_budget_bytes", "Fetched bytes that are not yet parsed."),
	}
}

// begin shows every label's value as 0, so that the first time that something is counted can be seen as a rise.
func (m *Metrics) begin() {
	for counter, labels := range map[*prometheus.CounterVec][]string{
		m.records:      {"success", "error", "dead_letter"},
		m.insertErrors: {"unreachable", "other", "stale", "too_many_parts", "ambiguous", "later", "data", "configuration"},
		m.commits:      {"accepted", "refused", "fenced", "unanswered"},
		m.resolutions:  {"present", "missing", "surplus"},
		m.doubts:       {"unsent", "ended", "ambiguous"},
		m.gaps:         {gapRetention, gapUnreadable, gapSkipped},
	} {
		for _, label := range labels {
			counter.WithLabelValues(label)
		}
	}
	for reason := parsers.ReasonNone + 1; reason <= parsers.ReasonRefused; reason++ {
		m.deadLetters.WithLabelValues(reason.String())
	}
}

func options(name, help string) prometheus.Opts {
	return prometheus.Opts{Namespace: "errata", Name: name, Help: help}
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts(options(name, help)))
}

func counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts(options(name, help)), labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts(options(name, help)))
}

func gaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts(options(name, help)), labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "errata", Name: name, Help: help, Buckets: buckets})
}

func (m *Metrics) block(rows, bytes int, age time.Duration) {
	m.blockRows.Observe(float64(rows))
	m.blockBytes.Observe(float64(bytes))
	m.blockAge.Observe(age.Seconds())
}

func (m *Metrics) inserted(took time.Duration) { m.insertTime.Observe(took.Seconds()) }

func (m *Metrics) commitOutcome(o grant.CommitOutcome) {
	name := [...]string{grant.Accepted: "accepted", grant.Refused: "refused", grant.Fenced: "fenced", grant.Unanswered: "unanswered"}[o]
	m.commits.WithLabelValues(name).Inc()
}

func (m *Metrics) unacknowledged(o grant.InsertOutcome) {
	name := [...]string{grant.Unsent: "unsent", grant.Ended: "ended", grant.Ambiguous: "ambiguous"}[o]
	m.doubts.WithLabelValues(name).Inc()
}

// resolved counts how a grant in doubt ended: Done, Retry or Halt.
func (m *Metrics) resolved(e grant.Effect) {
	name := map[grant.Effect]string{grant.Done: "present", grant.Retry: "missing", grant.Halt: "surplus"}[e]
	m.resolutions.WithLabelValues(name).Inc()
}

// count adds what became of a batch's records.
func (m *Metrics) count(t *tally) {
	for kind, n := range t.kinds {
		if n > 0 {
			m.records.WithLabelValues(parsers.Kind(kind).String()).Add(float64(n))
		}
	}
	for reason, n := range t.reasons {
		if n > 0 {
			m.deadLetters.WithLabelValues(parsers.Reason(reason).String()).Add(float64(n))
		}
	}
	m.responses.count(t.responses)
	m.bytes.Add(float64(t.bytes))
	m.skipped.Add(float64(t.skipped))
	m.holes.Add(float64(max(0, t.holes)))
}
