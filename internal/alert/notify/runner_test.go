package notify

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/internal/alert/alerttest"
	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/storage"
)

const spikeRule = "rules: [{name: spike, kind: spike, keep_firing_for: 2m}]\n"

// newRunner evaluates rules and tells one webhook, or standard output if there is none.
func newRunner(t *testing.T, db *storage.DB, text, webhook, owner string) (*Runner, *bytes.Buffer) {
	t.Helper()
	rules, err := alert.Decode("rules.yaml", []byte(text))
	require.NoError(t, err)
	targets := alert.Targets{Stdout: webhook == ""}
	if webhook != "" {
		targets.Webhooks = []alert.Webhook{{URL: webhook}}
	}
	var out bytes.Buffer
	router, err := NewRouter(targets, Options{Reach: Anywhere, Ledger: db, Owner: owner, Out: &out, OnError: func(err error) { t.Error(err) }})
	require.NoError(t, err)
	return &Runner{Engine: &alert.Engine{DB: db, Rules: rules, Grace: alert.DefaultGrace}, Router: router, Log: zerolog.New(zerolog.NewTestWriter(t))}, &out
}

func (r *Runner) stepAndWait(t *testing.T, at time.Time) {
	t.Helper()
	r.Step(t.Context(), at)
	r.Router.Wait()
}

// told lists what standard output was told since the last time: "firing spike".
func told(t *testing.T, out *bytes.Buffer) []string {
	t.Helper()
	var list []string
	decoder := json.NewDecoder(out)
	for decoder.More() {
		var n Notification
		require.NoError(t, decoder.Decode(&n))
		list = append(list, string(n.Status)+" "+n.Labels["alertname"])
	}
	return list
}

// spiking fills a table with a day of calls and a spike that ends at end.
func spiking(w *alerttest.World, end time.Time) {
	w.Insert(alerttest.Calls{From: end.Add(-26 * time.Hour), To: end.Add(6 * time.Minute), N: 5},
		alerttest.Calls{From: end.Add(-5 * time.Minute), To: end, N: 40, Status: 504, Code: "slow"})
}

// TestTwinsTellOnce: two instances and a restarted one share a ledger in ClickHouse.
func TestTwinsTellOnce(t *testing.T) {
	w, receiver := alerttest.New(t), newReceiver(t)
	end := time.Now().UTC().Truncate(time.Minute).Add(-10 * time.Minute)
	spiking(w, end)
	a, _ := newRunner(t, w.DB, spikeRule, receiver.URL, "a")
	b, _ := newRunner(t, w.DB, spikeRule, receiver.URL, "b")
	both := func(at time.Time) {
		var wait sync.WaitGroup
		for _, r := range []*Runner{a, b} {
			wait.Go(func() { r.stepAndWait(t, at) })
		}
		wait.Wait()
	}
	both(end)
	require.Equal(t, 1, receiver.count(), "the twins asked at the same time")
	both(end.Add(15 * time.Second))
	a, _ = newRunner(t, w.DB, spikeRule, receiver.URL, "restarted")
	both(end.Add(30 * time.Second))
	require.Equal(t, 1, receiver.count())
	both(end.Add(4 * time.Minute))
	require.Equal(t, 2, receiver.count())
	require.Contains(t, receiver.bodies[1], `"status":"resolved"`)
}

// TestNoData: when the ingester lags, the recent minutes cannot be judged, and somebody has to know.
func TestNoData(t *testing.T) {
	w := alerttest.New(t)
	now := time.Now().UTC()
	mark := storage.Watermark{Source: "src", Topic: "t", LogTime: now.Add(-10 * time.Minute), Lag: 100}
	require.NoError(t, w.DB.RecordWatermarks(t.Context(), []storage.Watermark{mark}))
	r, out := newRunner(t, w.DB, spikeRule, "", "a")
	r.stepAndWait(t, now)
	require.Equal(t, []string{"firing ErrataNoData"}, told(t, out))
	r.stepAndWait(t, now.Add(time.Second))
	require.Empty(t, told(t, out))
	mark.Lag = 0
	require.NoError(t, w.DB.RecordWatermarks(t.Context(), []storage.Watermark{mark}))
	r.stepAndWait(t, now.Add(2*time.Second))
	require.Equal(t, []string{"resolved ErrataNoData"}, told(t, out))
	r.stepAndWait(t, now.Add(time.Minute))
	require.Equal(t, StatusResolved, r.noData.tell(noDataAlert)[0].Status, "it stays resolved for a while, for whoever missed it")
	r.noData.end(now.Add(20 * time.Minute))
	require.Empty(t, r.noData.tell(noDataAlert))
}

// TestWithdrawn: an alert that no evaluation tells any more is resolved, not forgotten.
func TestWithdrawn(t *testing.T) {
	w := alerttest.New(t)
	end := time.Now().UTC().Truncate(time.Minute).Add(-10 * time.Minute)
	spiking(w, end)
	r, out := newRunner(t, w.DB, spikeRule, "", "a")
	r.stepAndWait(t, end)
	require.Equal(t, []string{"firing spike"}, told(t, out))
	rules, err := alert.Decode("rules.yaml", []byte("rules: [{name: spike, kind: spike, min_count: 1000}]"))
	require.NoError(t, err)
	r.Engine.Rules = rules
	r.stepAndWait(t, end.Add(15*time.Second))
	require.Equal(t, []string{"resolved spike"}, told(t, out))
	r.stepAndWait(t, end.Add(30*time.Second))
	require.Len(t, r.last, 1, "it stays resolved for a while")
	r.stepAndWait(t, end.Add(30*time.Minute))
	require.Empty(t, r.last)
}

// TestClockStepsBack: the alert does not end because the clock of this host was set back to before it.
func TestClockStepsBack(t *testing.T) {
	w := alerttest.New(t)
	end := time.Now().UTC().Truncate(time.Minute).Add(-10 * time.Minute)
	spiking(w, end)
	r, out := newRunner(t, w.DB, spikeRule, "", "a")
	for _, at := range []time.Duration{0, -8 * time.Minute, 15 * time.Second} {
		r.stepAndWait(t, end.Add(at))
	}
	require.Equal(t, []string{"firing spike"}, told(t, out))
}

// gate lets connections through to a server, or cuts them.
type gate struct {
	net.Listener
	mu   sync.Mutex
	shut bool
	all  []net.Conn
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gate{Listener: listener}
	t.Cleanup(func() { g.set(true); listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			g.pass(conn, to)
		}
	}()
	return g
}

func (g *gate) pass(conn net.Conn, to string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	server, err := net.Dial("tcp", to)
	if g.shut || err != nil {
		conn.Close()
		return
	}
	g.all = append(g.all, conn, server)
	go func() { io.Copy(server, conn); server.Close() }()
	go func() { io.Copy(conn, server); conn.Close() }()
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for _, c := range g.all {
		c.Close()
	}
	g.all = nil
}

// TestFailingQueries: while ClickHouse does not answer, what fired fires on, and an alert says so.
func TestFailingQueries(t *testing.T) {
	url := embedded.TestClickHouse(t)
	_, after, _ := strings.Cut(url, "@")
	address, _, _ := strings.Cut(after, "/")
	g := newGate(t, address)
	w := alerttest.NewAt(t, strings.Replace(url, address, g.Addr().String(), 1))
	end := time.Now().UTC().Truncate(time.Minute).Add(-10 * time.Minute)
	spiking(w, end)
	r, out := newRunner(t, w.DB, spikeRule, "", "a")
	r.stepAndWait(t, end)
	require.Equal(t, []string{"firing spike"}, told(t, out))
	g.set(true)
	r.stepAndWait(t, end.Add(15*time.Second))
	require.Equal(t, []string{"firing ErrataQueryFailing"}, told(t, out))
	r.stepAndWait(t, end.Add(30*time.Minute))
	require.Empty(t, told(t, out), "half an hour later the spike fires still")
	g.set(false)
	r.stepAndWait(t, end.Add(31*time.Minute))
	require.ElementsMatch(t, []string{"resolved spike", "resolved ErrataQueryFailing"}, told(t, out))
	g.set(true)
	r.stepAndWait(t, end.Add(32*time.Minute))
	require.Equal(t, []string{"firing ErrataQueryFailing"}, told(t, out), "it is down anew, however lately it was told to be back")
}
