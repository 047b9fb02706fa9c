package alerttest

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/freeport"
)

// Binary returns the path of one of Prometheus' programs: of PATH, else, if ERRATA_REQUIRE_SERVERS=1, unpacked
// from Debian's packages. Otherwise the test is skipped: a laptop is not to download them unasked.
func Binary(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skipf("needs %s: install it, or set ERRATA_REQUIRE_SERVERS=1 to have it fetched from Debian's packages", name)
	}
	_, here, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(here), "..", "..", "..", ".ci", "prometheus")
	out, err := exec.CommandContext(t.Context(), script).Output()
	require.NoError(t, err, "%s cannot be had", name)
	return filepath.Join(strings.TrimSpace(string(out)), name)
}

// Alertmanager is a real one on loopback, without notifications of its own.
type Alertmanager struct {
	URL string

	t       testing.TB
	program string
	dir     string
	address string
	process *exec.Cmd
}

// StartAlertmanager runs one until the test's end.
func StartAlertmanager(t testing.TB) *Alertmanager {
	t.Helper()
	port, err := freeport.Next()
	require.NoError(t, err)
	address := net.JoinHostPort("127.0.0.1", port)
	a := &Alertmanager{URL: "http://" + address, t: t, program: Binary(t, "prometheus-alertmanager"), dir: t.TempDir(), address: address}
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "config.yml"), []byte("route: {receiver: none}\nreceivers: [{name: none}]\n"), 0o600))
	a.Start()
	t.Cleanup(a.Stop)
	return a
}

// Start runs it, and returns when it is ready.
func (a *Alertmanager) Start() {
	a.t.Helper()
	a.process = exec.Command(a.program, "--config.file", filepath.Join(a.dir, "config.yml"), "--storage.path", filepath.Join(a.dir, "data"),
		"--web.listen-address", a.address, "--cluster.listen-address", "", "--log.level", "error")
	a.process.Stderr = os.Stderr
	require.NoError(a.t, a.process.Start())
	require.Eventually(a.t, func() bool {
		resp, err := http.Get(a.URL + "/-/ready")
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond, "Alertmanager does not become ready")
}

// Stop kills it: what it has heard since it wrote its state last is gone.
func (a *Alertmanager) Stop() {
	if a.process == nil {
		return
	}
	if err := a.process.Process.Kill(); err != nil {
		a.t.Errorf("stop Alertmanager: %v", err)
	}
	_ = a.process.Wait() //nolint:errcheck // it was killed
	a.process = nil
}
