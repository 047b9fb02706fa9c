package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

type settings struct {
	kafka  Kafka
	log    Log
	ingest Ingest
}

// load applies args, env and a file as the commands do.
func load(t *testing.T, args []string, env map[string]string, yaml string) (settings, error) {
	t.Helper()
	var s settings
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	s.kafka.Register(fs)
	s.log.Register(fs)
	s.ingest.Register(fs)
	require.NoError(t, fs.Parse(args))
	path := ""
	if yaml != "" {
		path = filepath.Join(t.TempDir(), "errata.yaml")
		require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	}
	err := Apply(fs, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, path)
	return s, err
}

func TestPrecedence(t *testing.T) {
	const file = "brokers: [file:1, file:2]\ngroup: from-file\nlog-level: warn\nblock-rows: 7\n"
	f := func(args []string, env map[string]string, wantBrokers []string, wantLevel string) {
		t.Helper()
		s, err := load(t, args, env, file)
		require.NoError(t, err)
		require.Equal(t, wantBrokers, s.kafka.Brokers)
		require.Equal(t, wantLevel, s.log.Level)
		require.Equal(t, 7, s.ingest.BlockRows)
	}
	f(nil, nil, []string{"file:1", "file:2"}, "warn")
	f(nil, map[string]string{"ERRATA_BROKERS": "env:1,env:2"}, []string{"env:1", "env:2"}, "warn")
	f([]string{"--brokers=flag:1"}, map[string]string{"ERRATA_BROKERS": "env:1", "ERRATA_LOG_LEVEL": "debug"}, []string{"flag:1"}, "debug")
}

func TestDefaultsStayWithoutSources(t *testing.T) {
	s, err := load(t, nil, nil, "")
	require.NoError(t, err)
	require.Equal(t, []string{"api-responses"}, s.kafka.Topics)
	require.Equal(t, 125_000, s.ingest.BlockRows)
	require.Empty(t, s.kafka.Brokers)
}

func TestTopics(t *testing.T) {
	f := func(args []string, env map[string]string, yaml string, want []string, formats map[string]string) {
		t.Helper()
		s, err := load(t, args, env, yaml)
		require.NoError(t, err)
		require.Equal(t, want, s.kafka.Topics)
		require.Equal(t, formats, s.kafka.Formats)
	}
	spans := map[string]string{"spans": "otlp_proto"}
	f(nil, nil, "", []string{"api-responses"}, nil)
	f([]string{"--topic=a", "--topic=b,c"}, nil, "", []string{"a", "b", "c"}, map[string]string{})
	f([]string{"--topic=a", "--topic=spans=otlp_proto"}, nil, "", []string{"a", "spans"}, spans)
	f(nil, map[string]string{"ERRATA_TOPIC": "a,spans=otlp_proto"}, "topic: b\n", []string{"a", "spans"}, spans)
	f(nil, nil, "topic: [a, spans=otlp_proto]\n", []string{"a", "spans"}, spans)
	_, err := load(t, nil, nil, "topic: [a, spans=otlp_protobuf]\n")
	require.ErrorContains(t, err, `errata.yaml:1: key "topic": topic spans: the format must be one of auto, errata, otel, otlp_json, otlp_proto, envoy, nginx, har`)
	_, err = load(t, nil, map[string]string{"ERRATA_TOPIC": "a=otlp_jsn"}, "")
	require.ErrorContains(t, err, `(did you mean "otlp_json"?)`)
}

func TestMistakesAreNamed(t *testing.T) {
	f := func(yaml string, env map[string]string, want ...string) {
		t.Helper()
		_, err := load(t, nil, env, yaml)
		require.Error(t, err)
		for _, w := range want {
			require.ErrorContains(t, err, w)
		}
	}
	f("brokerz: [a]\n", nil, `errata.yaml:1: unknown key "brokerz" (did you mean "brokers"?)`, "valid keys: block-age")
	f("group: a\nlog-level: loud\n", nil, `errata.yaml:2: key "log-level"`, "must be one of trace, debug, info, warn, error")
	f("group: a\ngroup: b\n", nil, `errata.yaml:2: key "group": given twice`)
	f("block-rows: many\n", nil, `errata.yaml:1: key "block-rows": invalid value "many": want a whole number`)
	f("log-level: [a, b]\n", nil, `errata.yaml:1: key "log-level": takes one value`)
	f("brokers: {a: b}\n", nil, `errata.yaml:1: key "brokers": want a value or a list`)
	f("- a\n", nil, "errata.yaml:1: want a mapping")
	f("a: [\n", nil, "errata.yaml: line")
	f("group: a\n", map[string]string{"ERRATA_BLOCK_AGE": "soon"}, "environment variable ERRATA_BLOCK_AGE", `"soon"`)
}

func TestMissingFile(t *testing.T) {
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	err := Apply(fs, os.LookupEnv, filepath.Join(t.TempDir(), "absent.yaml"))
	require.ErrorContains(t, err, "absent.yaml")
}

func TestPasswordIsNoKeyOfTheFile(t *testing.T) {
	_, err := load(t, nil, nil, "clickhouse-password: hunter2\n")
	require.ErrorContains(t, err, `unknown key "clickhouse-password" (did you mean`)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(path, []byte("from file\r\n"), 0o600))
	none := func(string) (string, bool) { return "", false }
	f := func(path string, env LookupEnv, want string) {
		t.Helper()
		got, err := Secret("kafka-password", path, env)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	f("", none, "")
	f(path, none, "from file")
	f(path, func(name string) (string, bool) { return "from env", name == "ERRATA_KAFKA_PASSWORD" }, "from env")
	_, err := Secret("kafka-password", path+".absent", none)
	require.ErrorContains(t, err, "--kafka-password-file")
}

func TestNearest(t *testing.T) {
	known := []string{"truelayer", "truid", "truv"}
	require.Equal(t, "truelayer", Nearest("trulayer", known))
	require.Equal(t, "truv", Nearest("truw", known))
	require.Equal(t, "", Nearest("stripe", known))
}

func FuzzFile(f *testing.F) {
	f.Add("brokers: [a]\n")
	f.Add("a: &x [*x]\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "errata.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		file, err := readFile(path)
		if err == nil {
			_ = file.check()
		}
	})
}
