package notify

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/internal/alert/alerttest"
	"github.com/errata-dev/errata/internal/embedded"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	os.Exit(m.Run())
}

// held is an alert as Alertmanager's API shows it.
type held struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	Fingerprint string            `json:"fingerprint"`
}

func alertsOf(t *testing.T, a *alerttest.Alertmanager) []held {
	t.Helper()
	resp, err := http.Get(a.URL + "/api/v2/alerts")
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	var list []held
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&list))
	return list
}

// TestRealAlertmanager follows one alert: it fires, is sent again, survives a restart of errata and one of
// Alertmanager, and is resolved.
func TestRealAlertmanager(t *testing.T) {
	manager := alerttest.StartAlertmanager(t)
	w := alerttest.New(t)
	minute := time.Minute
	end := time.Now().UTC().Truncate(minute).Add(-4 * minute) // of the spike
	w.Insert(
		alerttest.Calls{From: end.Add(-26 * time.Hour), To: end.Add(6 * minute), N: 5},
		alerttest.Calls{From: end.Add(-5 * minute), To: end, N: 40, Status: 504, Code: "slow"},
		alerttest.Calls{From: end.Add(-5 * minute), To: end, N: 40, Status: 500, Code: "down", Route: "/refund"},
	)
	start := func() *Runner {
		rules, err := alert.Decode("rules.yaml", []byte("rules: [{name: spike, kind: spike, severity: critical, keep_firing_for: 2m, labels: {team: payments}}]\nnotify: {alertmanagers: ['"+manager.URL+"/']}"))
		require.NoError(t, err)
		router, err := NewRouter(rules.Targets, Options{})
		require.NoError(t, err)
		return &Runner{Engine: &alert.Engine{DB: w.DB, Rules: rules, Grace: alert.DefaultGrace}, Router: router, Log: zerolog.New(zerolog.NewTestWriter(t))}
	}

	runner, now := start(), end.Add(25*time.Second)
	runner.Step(t.Context(), now)
	first := alertsOf(t, manager)
	require.Len(t, first, 1, "one incident of a vendor is one page")
	require.Equal(t, map[string]string{"alertname": "spike", "severity": "critical", "vendor": "acme", "team": "payments"}, first[0].Labels)
	require.WithinDuration(t, end.Add(-5*minute), first[0].StartsAt, 0)
	require.WithinDuration(t, now.Add(forgetAfter), first[0].EndsAt, 0)
	require.Contains(t, first[0].Annotations["summary"], "400 errors")
	require.Contains(t, first[0].Annotations["query"], "query spikes --vendor acme")

	runner.Step(t.Context(), now.Add(15*time.Second))
	require.Equal(t, first[0].EndsAt, alertsOf(t, manager)[0].EndsAt, "not sent again so soon")
	now = now.Add(resendAfter)
	runner.Step(t.Context(), now)
	require.WithinDuration(t, now.Add(forgetAfter), alertsOf(t, manager)[0].EndsAt, 0, "sent again in time")

	now = now.Add(5 * time.Second)
	runner = start()
	runner.Step(t.Context(), now)
	again := alertsOf(t, manager)
	require.Len(t, again, 1, "after a restart it is the same alert")
	require.Equal(t, first[0].Fingerprint, again[0].Fingerprint)
	require.Equal(t, first[0].StartsAt, again[0].StartsAt)

	manager.Stop()
	manager.Start()
	require.Empty(t, alertsOf(t, manager))
	runner.Step(t.Context(), now.Add(30*time.Second))
	require.Empty(t, alertsOf(t, manager), "Alertmanager's restart is not seen before it is time to send again")
	runner.Step(t.Context(), now.Add(resendAfter))
	require.Len(t, alertsOf(t, manager), 1)

	runner.Step(t.Context(), end.Add(3*minute+alert.DefaultGrace+time.Second))
	require.Empty(t, alertsOf(t, manager), "resolved explicitly, minutes before Alertmanager would forget it")
}
