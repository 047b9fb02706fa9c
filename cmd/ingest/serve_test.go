package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline"
)

// An ingester that has not been started is alive and not ready, and says why; its metrics are there.
func TestHandler(t *testing.T) {
	st := &station{metrics: prometheus.NewRegistry(), log: zerolog.Nop()}
	metrics, err := pipeline.NewMetrics(st.metrics)
	require.NoError(t, err)
	registry, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	o := pipeline.Options{Brokers: []string{"127.0.0.1:1"}, Topics: []string{"t"}}
	st.ingester, err = pipeline.New(o, registry, nil, nil, st.log, metrics)
	require.NoError(t, err)

	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/healthz": {http.StatusOK, "alive\n"},
		"/readyz":  {http.StatusServiceUnavailable, "not yet a member of the group\n"},
		"/":        {http.StatusNotFound, "404 page not found\n"},
	} {
		answer := httptest.NewRecorder()
		handler(st).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, want.status, answer.Code, path)
		require.Equal(t, want.body, answer.Body.String(), path)
	}
	answer := httptest.NewRecorder()
	handler(st).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, answer.Code)
	require.Contains(t, answer.Body.String(), "errata_partitions_halted 0")
}

// The signal may come before anything has answered: that is a clean end, too.
func TestTheEndBeforeTheBeginning(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, silent.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := silent.Accept(); err == nil {
			cancel()
			<-t.Context().Done()
			_ = conn.Close()
		}
	}()
	root := newRoot()
	root.SetArgs([]string{"run", "--brokers", "127.0.0.1:1", "--clickhouse", "clickhouse://errata@" + silent.Addr().String() + "/errata"})
	began := time.Now()
	require.NoError(t, root.ExecuteContext(ctx))
	require.Less(t, time.Since(began), 20*time.Second)
}
