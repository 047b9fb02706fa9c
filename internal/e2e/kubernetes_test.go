package e2e

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/errata-dev/errata/internal/embedded"
)

// manifest is the part of a Kubernetes object that speaks of our commands. The module in deploy/kubernetes/check
// looks at the rest.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Template struct {
			Spec struct{ Containers []container }
		}
	}
}

type container struct {
	Name          string
	Command, Args []string
	Env           []struct{ Name, Value string }
	Ports         []struct {
		Port int `yaml:"containerPort"`
	}

	StartupProbe   probe `yaml:"startupProbe"`
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
}

type probe struct {
	HTTPGet struct{ Path string } `yaml:"httpGet"`
}

func readManifests(t *testing.T) (containers []container, configs map[string]string) {
	t.Helper()
	files, err := filepath.Glob("../../deploy/kubernetes/*.yaml")
	require.NoError(t, err)
	configs = map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		decoder := yaml.NewDecoder(bytes.NewReader(raw))
		for {
			var m manifest
			err := decoder.Decode(&m)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			containers = append(containers, m.Spec.Template.Spec.Containers...)
			if m.Kind == "ConfigMap" {
				for name, text := range m.Data {
					configs[name] = text
				}
			}
		}
	}
	return containers, configs
}

// Every command line of the manifests, with its environment and the settings file, is understood by the commands:
// they come as far as to the servers that are not there. The rules are what alert run takes.
func TestKubernetesCommandsAreOurs(t *testing.T) {
	containers, configs := readManifests(t)
	require.Len(t, containers, 3)
	dir := t.TempDir()
	mounted := strings.NewReplacer("/etc/errata-alerts", dir, "/etc/errata", dir, "/run/secrets/errata", dir, "/usr/local/bin", binaries)
	for name, text := range configs {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(mounted.Replace(text)), 0o600))
	}
	for _, password := range []string{"migrator", "writer", "alerter", "kafka"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, password), []byte("right"), 0o600))
	}
	for _, c := range containers {
		t.Run(c.Name, func(t *testing.T) {
			cmd := exec.Command(mounted.Replace(c.Command[0]))
			for _, arg := range c.Args {
				cmd.Args = append(cmd.Args, mounted.Replace(arg))
			}
			cmd.Env = append(os.Environ(), "ERRATA_CLICKHOUSE=clickhouse://127.0.0.1:1/errata", "ERRATA_BROKERS=127.0.0.1:1")
			for _, e := range c.Env {
				require.Contains(t, help(t, c.Args), "--"+strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(e.Name, "ERRATA_")), "_", "-")+" ", e.Name)
				cmd.Env = append(cmd.Env, e.Name+"="+mounted.Replace(e.Value))
			}
			out, err := cmd.CombinedOutput()
			exit := new(exec.ExitError)
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 1, exit.ExitCode(), string(out))
			require.Contains(t, string(out), "cannot reach ClickHouse at 127.0.0.1:1")
		})
	}
}

// help is that of a command, from its arguments without flags.
func help(t *testing.T, args []string) string {
	t.Helper()
	name := "ingest"
	if args[0] == "alert" {
		name = "query"
	}
	var words []string
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			words = append(words, a)
		}
	}
	out, err := exec.Command(filepath.Join(binaries, name), append(words, "--help")...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// What the probes ask, and what is scraped, is served.
func TestKubernetesProbesAreServed(t *testing.T) {
	containers, _ := readManifests(t)
	for _, c := range containers {
		for _, e := range c.Env {
			if e.Name == "ERRATA_LISTEN" {
				require.Equal(t, ":9464", e.Value)
				require.Equal(t, 9464, c.Ports[0].Port)
				serves(t, c.StartupProbe.HTTPGet.Path, c.LivenessProbe.HTTPGet.Path, c.ReadinessProbe.HTTPGet.Path, "/metrics")
				return
			}
		}
	}
	t.Fatal("no container listens")
}

func serves(t *testing.T, paths ...string) {
	t.Helper()
	url := embedded.TestClickHouse(t)
	secrets.addPassword(url)
	port := freePort(t)
	environment := append(os.Environ(), "ERRATA_CLICKHOUSE="+url)
	migrate := exec.Command(filepath.Join(binaries, "ingest"), "migrate")
	migrate.Env = environment
	require.NoError(t, migrate.Run())
	run := exec.Command(filepath.Join(binaries, "ingest"), "run", "--listen=127.0.0.1:"+port)
	run.Env = environment
	require.NoError(t, run.Start())
	defer func() {
		require.NoError(t, run.Process.Signal(os.Interrupt))
		require.NoError(t, run.Wait())
	}()
	for _, path := range paths {
		require.Regexp(t, regexp.MustCompile("^/[a-z]+$"), path)
		require.Eventually(t, func() bool {
			status, _, err := get("http://127.0.0.1:" + port + path)
			return err == nil && status == 200
		}, patience, 50*time.Millisecond, path)
	}
}
