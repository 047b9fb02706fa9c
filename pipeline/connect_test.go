package pipeline

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/errata-dev/errata/parsers"
)

func TestTheFirstConnectionSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	plainBroker := cluster(t, 1).ListenAddrs()
	guarded := cluster(t, 1, kfake.EnableSASL(), kfake.Superuser("PLAIN", "user", "right")).ListenAddrs()
	closed := closedAddress(t)
	cases := map[string]struct {
		change func(*Options)
		want   error
		text   string
	}{
		"missing topic":  {func(o *Options) { o.Topics = []string{"nowhere"} }, ErrNoTopic, `has no topic "nowhere"`},
		"missing topics": {func(o *Options) { o.Topics = []string{"nowhere", "either"} }, ErrNoTopic, `has no topic "either"`},
		"no broker":      {func(o *Options) { o.Brokers = []string{closed} }, ErrUnreachable, closed},
		"wrong password": {func(o *Options) { o.Brokers = guarded; o.SASL = plain.Mechanism{Username: "user", Password: "wrong"} }, ErrAuthentication, guarded[0]},
		"no password":    {func(o *Options) { o.Brokers = guarded }, ErrUnreachable, "TLS or SASL"},
		"TLS to a plain port": {func(o *Options) {
			o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}, ErrUnreachable, plainBroker[0]},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Brokers: plainBroker, Topics: []string{testTopic}}
			c.change(&o)
			i, err := New(o, fakeParser{}, newTable(), newTable(), zerolog.Nop(), nil)
			require.NoError(t, err)
			err = i.Run(t.Context())
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.text)
			require.NotContains(t, err.Error(), "wrong", "no secret in a message")
		})
	}
}

func TestSASLAndSeveralBrokersOfWhichOneIsDown(t *testing.T) {
	t.Parallel()
	c := cluster(t, 1, kfake.EnableSASL(), kfake.Superuser("PLAIN", "user", "right"))
	o := quick(c)
	o.Brokers = append(o.Brokers, closedAddress(t))
	o.SASL = plain.Mechanism{Username: "user", Password: "right"}
	i := start(t, o, newTable())
	eventually(t, "ready", func() bool { ready, _ := i.Ready(); return ready })
}

// closedAddress returns an address that nobody listens on.
func closedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	valid := Options{Brokers: []string{"b:9092"}, Topics: []string{"t"}}
	cases := map[string]func(*Options){
		"no broker given":            func(o *Options) { o.Brokers = nil },
		"no topic given":             func(o *Options) { o.Topics = nil },
		"block age 6s":               func(o *Options) { o.MaxBlockAge = 6e9 },
		"a third of the session":     func(o *Options) { o.HeartbeatInterval = 5e9 },
		"want earliest or latest":    func(o *Options) { o.StartAt = 7 },
		"want halt or continue":      func(o *Options) { o.OnGap = 7 },
		"memory: want more than 0":   func(o *Options) { o.Memory = -1 },
		"block rows: want more than": func(o *Options) { o.MaxBlockRows = -1 },
	}
	_, err := New(valid, fakeParser{}, newTable(), newTable(), zerolog.Nop(), nil)
	require.NoError(t, err)
	for text, change := range cases {
		o := valid
		change(&o)
		_, err := New(o, fakeParser{}, newTable(), newTable(), zerolog.Nop(), nil)
		require.ErrorContains(t, err, text)
	}
}

func TestMetricsRegisterOnce(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m, err := NewMetrics(reg)
	require.NoError(t, err)
	m.count(&tally{kinds: [4]int64{0, 1, 2, 3}, reasons: [parsers.ReasonRefused + 1]int64{0, 3}, skipped: 4})
	families, err := reg.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			values[f.GetName()] += metric.GetCounter().GetValue()
		}
	}
	require.InDelta(t, 6, values["errata_records_total"], 0)
	require.InDelta(t, 3, values["errata_dead_letters_total"], 0)
	require.InDelta(t, 4, values["errata_readback_skipped_total"], 0)
	_, err = NewMetrics(reg)
	require.Error(t, err)
}
