package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// TestFormatsAreSpelledAlike: the flag lists what the parsers know.
func TestFormatsAreSpelledAlike(t *testing.T) {
	flag := newRun().Flags().Lookup("format")
	require.ErrorContains(t, flag.Value.Set("xml"), "must be one of "+strings.Join(parsers.FormatNames(), ", "))
	topic := newRun().Flags().Lookup("topic")
	for _, name := range parsers.FormatNames() {
		require.NoError(t, flag.Value.Set(name))
		require.NoError(t, topic.Value.Set("t="+name))
		require.Contains(t, flag.Usage, name)
	}
}

// run executes ingest with the lines as its input.
func ingestLines(t *testing.T, lines string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(strings.NewReader(lines))
	root.SetOut(&out)
	err := root.Execute()
	return out.String(), err
}

func TestParseReadsOtherFormats(t *testing.T) {
	const archive = `{"log":{"entries":[{"startedDateTime":"2026-09-18T12:00:00Z","request":{"method":"GET","url":"https://api.example.com/a"},"response":{"status":200}},` +
		`{"startedDateTime":"2026-09-18T12:00:01Z","request":{"method":"GET","url":"https://api.example.com/b"},"response":{"status":500}}]}}`
	out, err := ingestLines(t, archive, "parse", "-")
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(out, "\n"), out)
	out, err = ingestLines(t, archive, "parse", "--format", "errata", "-")
	require.NoError(t, err)
	require.Contains(t, out, `"reason":"no_time"`)
	_, err = ingestLines(t, "", "parse", "--format", "otlp_proto", "-")
	require.ErrorContains(t, err, "protobuf has no lines")
}

func TestTopicsStateFormats(t *testing.T) {
	var s settings
	s.kafka.Formats = map[string]string{"spans": "otlp_json", "access": "envoy"}
	r, err := s.registry([32]byte{})
	require.NoError(t, err)
	var row parsers.Row
	const record = `{"start_time":"2026-09-18T12:00:00Z","method":"GET","path":"/a","response_code":500}`
	f := func(topic string, want parsers.Kind, reason parsers.Reason) {
		t.Helper()
		r.Parse(&parsers.Record{Value: []byte(record), Topic: topic}, &row)
		require.Equal(t, want, row.Kind)
		require.Equal(t, reason, row.Reason)
	}
	f("access", parsers.KindError, parsers.ReasonNone)
	f("api-responses", parsers.KindError, parsers.ReasonNone)
	f("spans", parsers.KindDeadLetter, parsers.ReasonNotHTTP)
}
