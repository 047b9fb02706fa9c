package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/storage"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func firing(vendor string) Notification {
	n := Notification{
		Status: StatusFiring, Labels: map[string]string{"alertname": "spike", "severity": "critical", "vendor": vendor},
		Annotations: map[string]string{"summary": "120 errors"}, StartsAt: now.Add(-time.Minute),
		Evidence: alert.Evidence{What: "120 errors, 2.0 expected", Message: "<!channel> *down* `rm`", Codes: []string{"504 slow"}, Query: "query spikes --vendor " + vendor},
	}
	n.identify()
	return n
}

func resolved(vendor string) Notification {
	n := firing(vendor)
	n.Status, n.EndsAt = StatusResolved, &now
	n.identify()
	return n
}

// receiver is a server that keeps what it was sent.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	bodies  []string
	headers []http.Header
	answers []int // statuses, in turn; then 200
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	r := &receiver{answers: answers}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies, r.headers = append(r.bodies, string(body)), append(r.headers, req.Header)
		if len(r.answers) > 0 {
			w.WriteHeader(r.answers[0])
			r.answers = r.answers[1:]
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

// TestSign takes the example of a library of the specification: https://github.com/standard-webhooks/standard-webhooks.
func TestSign(t *testing.T) {
	key, err := signingKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	require.Equal(t, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)))
	key, err = signingKey("plain")
	require.NoError(t, err)
	require.Equal(t, []byte("plain"), key)
	_, err = signingKey("whsec_?")
	require.Error(t, err)
}

func TestWebhook(t *testing.T) {
	r := newReceiver(t, http.StatusServiceUnavailable)
	key := []byte("key")
	require.NoError(t, NewWebhook(r.URL, key, Anywhere).Send(t.Context(), now, firing("acme")), "the second try succeeds")
	require.Len(t, r.bodies, 2)
	require.Equal(t, r.bodies[0], r.bodies[1])
	for _, h := range r.headers {
		require.Equal(t, h.Get("webhook-id"), h.Get("Idempotency-Key"))
		require.Equal(t, strconv.FormatInt(now.Unix(), 10), h.Get("webhook-timestamp"))
		require.Equal(t, "v1,"+sign(key, h.Get("webhook-id"), h.Get("webhook-timestamp"), []byte(r.bodies[0])), h.Get("webhook-signature"))
		require.Equal(t, r.headers[0].Get("webhook-id"), h.Get("webhook-id"), "one change, one id")
	}
	var got Notification
	require.NoError(t, json.Unmarshal([]byte(r.bodies[0]), &got))
	require.Equal(t, firing("acme"), got)
}

func TestWebhookGivesUp(t *testing.T) {
	r := newReceiver(t, 400)
	err := NewWebhook(r.URL+"/secret-path", nil, Anywhere).Send(t.Context(), now, firing("acme"))
	require.ErrorContains(t, err, "answered 400 Bad Request")
	require.NotContains(t, err.Error(), "secret-path")
	require.Equal(t, 1, r.count(), "a request that is wrong stays wrong")
	require.Empty(t, r.headers[0].Get("webhook-signature"))
}

func TestNoRedirects(t *testing.T) {
	other := newReceiver(t)
	r := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(r.Close)
	require.ErrorContains(t, NewWebhook(r.URL, nil, Anywhere).Send(t.Context(), now, firing("acme")), "307")
	require.Zero(t, other.count())
}

// TestPrivateTargets: the address is checked after the name was resolved.
func TestPrivateTargets(t *testing.T) {
	r := newReceiver(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"} {
		err := NewWebhook("http://"+host+":"+port+"/secret-path", nil, PublicOnly).Send(t.Context(), now, firing("acme"))
		require.Error(t, err, host)
		require.NotContains(t, err.Error(), "secret-path")
	}
	require.ErrorIs(t, NewSlack("http://localhost:"+port, PublicOnly).Send(t.Context(), now, firing("acme")), errPrivate)
	require.Zero(t, r.count())
	require.NoError(t, NewSlack(r.URL, Anywhere).Send(t.Context(), now, firing("acme")))
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "127.0.0.1": false,
		"169.254.169.254": false, "100.100.100.100": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false,
		"fe80::1": false, "fd00::1": false, "64:ff9b::a9fe:a9fe": false, "2002:a9fe:a9fe::": false, "198.18.0.1": false,
	} {
		require.Equal(t, want, public(netip.MustParseAddr(address).Unmap()), address)
	}
	require.False(t, public(netip.MustParseAddr("::ffff:10.0.0.1").Unmap()))
}

// TestSlack: what a vendor says is text, and nothing else.
func TestSlack(t *testing.T) {
	r := newReceiver(t)
	n := firing("acme")
	n.Evidence.Message = "<!channel> *down* _now_ `rm` https://evil.example"
	require.NoError(t, NewSlack(r.URL, Anywhere).Send(t.Context(), now, n))
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.bodies[0]), &body))
	text, _ := body["text"].(string)
	require.True(t, strings.HasPrefix(text, "FIRING spike: acme\n"))
	own := Notification{Status: StatusFiring, Labels: map[string]string{"alertname": noDataAlert, "severity": "warning"}}
	require.Equal(t, "FIRING ErrataNoData", own.title())
	require.Contains(t, text, "message: &lt;!channel&gt; *down* _now_ 'rm' https://evil.example", "a vendor's words page nobody")
	require.Contains(t, text, "\nquery spikes --vendor acme")
	delete(body, "text")
	require.Equal(t, map[string]any{"mrkdwn": false, "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false}, body)
}

// TestPrinterEscapes: a terminal that shows the lines is not controlled by a vendor's words.
func TestPrinterEscapes(t *testing.T) {
	var out bytes.Buffer
	router, err := NewRouter(alert.Targets{Stdout: true}, Options{Out: &out})
	require.NoError(t, err)
	n := firing("acme")
	n.Evidence.Message = "a\u009b31m\u202eb\x1b\u2028c"
	require.NoError(t, router.Tell(t.Context(), now, []Notification{n}))
	require.Contains(t, out.String(), `a\u009b31m\u202eb\u001b\u2028c`)
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	var got Notification
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	require.Equal(t, n.Evidence.Message, got.Evidence.Message)
}

// TestPrinterForgets: what nobody has mentioned for a day is forgotten, what goes on is told once.
func TestPrinterForgets(t *testing.T) {
	var out bytes.Buffer
	router, err := NewRouter(alert.Targets{Stdout: true}, Options{Out: &out})
	require.NoError(t, err)
	for hours := range 100 {
		at := now.Add(time.Duration(hours) * time.Hour)
		notifications := []Notification{firing("acme"), firing("vendor" + strconv.Itoa(hours))}
		require.NoError(t, router.Tell(t.Context(), at, notifications))
	}
	require.Equal(t, 101, strings.Count(out.String(), "\n"))
	require.LessOrEqual(t, len(router.printer.told), 26)
	over := firing("acme")
	over.Status = StatusResolved
	for range 2 {
		require.NoError(t, router.Tell(t.Context(), now.Add(100*time.Hour), []Notification{over}))
	}
	require.Equal(t, 102, strings.Count(out.String(), "\n"), "the end is told, once")
}

// TestOneAlertmanagerDown: the others are told again when it is time to, not because of it.
func TestOneAlertmanagerDown(t *testing.T) {
	up, down := newReceiver(t), newReceiver(t, 500, 500)
	router, err := NewRouter(alert.Targets{Alertmanagers: []string{up.URL, down.URL}}, Options{})
	require.NoError(t, err)
	tell := func(after time.Duration) error {
		return router.Tell(t.Context(), now.Add(after), []Notification{firing("acme")})
	}
	require.Error(t, tell(0))
	require.Error(t, tell(15*time.Second))
	require.NoError(t, tell(30*time.Second))
	require.NoError(t, tell(45*time.Second))
	require.Equal(t, 1, up.count())
	require.Equal(t, 3, down.count())
	require.NoError(t, tell(resendAfter))
	require.Equal(t, 2, up.count())
	require.Equal(t, 3, down.count())
}

// memory is a ledger for one process.
type memory struct {
	mu   sync.Mutex
	sent map[string]string
	down bool
	// unanswered is how often it was asked while it was down.
	unanswered int
}

var errDown = errors.New("the ledger is down")

func (m *memory) ClaimChange(_ context.Context, c storage.Change, _ string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		m.unanswered++
		return false, errDown
	}
	told := m.sent[c.Target+c.Alert]
	return told != c.Status && (told != "" || c.Status == string(StatusFiring)), nil
}

func (m *memory) FulfilChange(_ context.Context, c storage.Change, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		m.unanswered++
		return errDown
	}
	m.sent[c.Target+c.Alert] = c.Status
	return nil
}

func TestRouterTellsEachChangeOnce(t *testing.T) {
	r := newReceiver(t)
	slack := filepath.Join(t.TempDir(), "slack")
	require.NoError(t, os.WriteFile(slack, []byte(r.URL+"/slack\n"), 0o600))
	ledger := &memory{sent: map[string]string{}}
	options := Options{Reach: Anywhere, Ledger: ledger, Getenv: os.LookupEnv, OnError: func(err error) { t.Error(err) }}
	targets := alert.Targets{Webhooks: []alert.Webhook{{URL: r.URL}}, Slack: []alert.Secret{{File: slack}}}

	tell := func(router *Router, n ...Notification) int {
		before := r.count()
		require.NoError(t, router.Tell(t.Context(), now, n))
		router.Wait()
		return r.count() - before
	}
	router, err := NewRouter(targets, options)
	require.NoError(t, err)
	require.Equal(t, 2, tell(router, firing("acme")))
	require.Zero(t, tell(router, firing("acme")), "told already")
	require.Equal(t, 2, tell(router, firing("acme"), firing("globex")))

	restarted, err := NewRouter(targets, options)
	require.NoError(t, err)
	require.Zero(t, tell(restarted, firing("acme"), firing("globex")), "a restart pages nobody again")
	require.Equal(t, 2, tell(restarted, resolved("acme"), firing("globex")))
	require.Zero(t, tell(router, resolved("acme")), "nor does the other instance")
	require.Zero(t, tell(router, resolved("initech")), "nobody was told that it fires")
	require.Equal(t, 2, tell(router, firing("acme")), "it fires anew")
}

// TestWithoutLedger: while nobody knows who has been told what, what is new here is told once; what was told, here
// or by others, is not. When the ledger is back it learns of it, so that the end is told, too.
func TestWithoutLedger(t *testing.T) {
	r := newReceiver(t)
	ledger := &memory{sent: map[string]string{}}
	faults := 0
	start := func() *Router {
		router, err := NewRouter(alert.Targets{Webhooks: []alert.Webhook{{URL: r.URL}}}, Options{Reach: Anywhere, Ledger: ledger, OnError: func(error) { faults++ }})
		require.NoError(t, err)
		return router
	}
	here, other := start(), start()
	tell := func(after time.Duration, n ...Notification) int {
		before := r.count()
		require.NoError(t, here.Tell(t.Context(), now.Add(after), n))
		here.Wait()
		return r.count() - before
	}
	require.Equal(t, 1, tell(0, firing("mine")))
	require.NoError(t, other.Tell(t.Context(), now, []Notification{firing("others")}))
	other.Wait()
	require.Zero(t, tell(0, firing("mine"), firing("others")))

	ledger.down = true
	all := []Notification{firing("mine"), firing("others"), firing("new"), resolved("unheard")}
	require.Zero(t, tell(15*time.Second, all...), "it may be back at once")
	require.Equal(t, 1, ledger.unanswered, "each question may take ten seconds")
	require.Equal(t, 1, tell(45*time.Second, all...))
	require.Contains(t, r.bodies[len(r.bodies)-1], `"vendor":"new"`)
	require.Zero(t, tell(60*time.Second, all...))
	require.Equal(t, 3, faults, "said once each, but for what was told here")

	ledger.down = false
	require.Zero(t, tell(75*time.Second, firing("new")))
	require.Zero(t, tell(75*time.Second, resolved("others"))-1)
	here = start()
	require.Zero(t, tell(90*time.Second, firing("new")), "a restarted instance knows")
	require.Equal(t, 1, tell(105*time.Second, resolved("new")))
}

// TestWithoutLedgerAgain: what another has told and this process has told the end of is news when it fires again.
func TestWithoutLedgerAgain(t *testing.T) {
	r := newReceiver(t)
	ledger := &memory{sent: map[string]string{}}
	tell := func(router *Router, after time.Duration, n Notification) int {
		before := r.count()
		require.NoError(t, router.Tell(t.Context(), now.Add(after), []Notification{n}))
		router.Wait()
		return r.count() - before
	}
	start := func() *Router {
		router, err := NewRouter(alert.Targets{Webhooks: []alert.Webhook{{URL: r.URL}}}, Options{Reach: Anywhere, Ledger: ledger, OnError: func(error) {}})
		require.NoError(t, err)
		return router
	}
	here, other := start(), start()
	require.Equal(t, 1, tell(other, 0, firing("acme")))
	require.Zero(t, tell(here, 0, firing("acme")))
	require.Equal(t, 1, tell(here, 0, resolved("acme")))
	ledger.down = true
	require.Zero(t, tell(here, 15*time.Second, firing("acme")))
	require.Equal(t, 1, tell(here, 60*time.Second, firing("acme")))
	require.Equal(t, 1, tell(here, 75*time.Second, resolved("acme"))+tell(here, 120*time.Second, resolved("acme")), "and its end")

	ledger.down = false
	require.Zero(t, tell(here, 135*time.Second, resolved("acme")))
	acme := resolved("acme")
	require.Equal(t, string(StatusResolved), ledger.sent[here.targets[0].id+acme.Fingerprint()])
	require.Equal(t, 1, tell(here, 200*time.Hour, firing("globex")))
	require.Len(t, here.targets[0].told, 1, "what is long gone is forgotten")
	require.Len(t, here.targets[0].seen, 1)
}

func TestRouterTriesAgain(t *testing.T) {
	r := newReceiver(t, 400)
	var faults []error
	router, err := NewRouter(alert.Targets{Webhooks: []alert.Webhook{{URL: r.URL}}}, Options{
		Reach: Anywhere, Ledger: &memory{sent: map[string]string{}}, OnError: func(err error) { faults = append(faults, err) },
	})
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, router.Tell(t.Context(), now, []Notification{firing("acme")}))
		router.Wait()
	}
	require.Len(t, faults, 1)
	require.Equal(t, 2, r.count(), "told at the second attempt, not a third time")
}

func TestSecrets(t *testing.T) {
	env := func(name string) (string, bool) { return map[string]string{"A": " x "}[name], name == "A" }
	got, err := readSecret(alert.Secret{Env: "A"}, env)
	require.NoError(t, err)
	require.Equal(t, "x", got)
	_, err = readSecret(alert.Secret{Env: "B"}, env)
	require.ErrorContains(t, err, "environment variable B is empty")
	_, err = readSecret(alert.Secret{File: filepath.Join(t.TempDir(), "none")}, env)
	require.True(t, errors.Is(err, os.ErrNotExist))
}
