// Package e2e drives the built binaries as a user would: scripts in testdata/script, real ClickHouse, a
// Kafka broker over its wire protocol. It tests what is seen from outside and knows no inner package but the
// embedded servers and the simulator.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/errata-dev/errata/internal/embedded"
)

var update = flag.Bool("update", false, "rewrite the golden files inside the scripts")

// binaries is the directory of the built commands, filled by TestMain.
var binaries string

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "errata-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-ldflags", "-X github.com/errata-dev/errata/internal/cli.Version=v0.0.0-test",
		"-o", dir, "./cmd/ingest", "./cmd/query")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the commands: %v\n%s", err, out)
		return 1
	}
	binaries = dir
	return m.Run()
}

func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts found (%v)", err)
	}
	runScripts(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup:               setup,
		Cmds:                commands,
	})
}

// testKey finds the *testing.T of a script.
type testKey struct{}

// setup gives a script a home of its own, the built commands and the shared cache of the engine.
func setup(env *testscript.Env) error {
	env.Values[testKey{}] = env.T().(testing.TB)
	env.Values[clusterKey{}] = new([]*embedded.Engine)
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	cache := os.Getenv("ERRATA_CACHE_DIR")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		cache = filepath.Join(user, "errata")
	}
	// Not in the script's directory: an embedded engine lives some seconds longer than the script.
	data, err := os.MkdirTemp(binaries, "data-")
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"PATH":             binaries + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME":             home,
		"XDG_CONFIG_HOME":  filepath.Join(home, "config"),
		"XDG_DATA_HOME":    data,
		"BIN":              binaries,
		"ERRATA_CACHE_DIR": cache,
		"TZ":               "UTC",
		"COLUMNS":          "",
	} {
		env.Setenv(name, value)
	}
	return nil
}
