package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// secrets are the credentials that the scripts use. None of them may be seen in anything that a command prints.
var secrets = secretSet{list: []string{"hunter2"}}

type secretSet struct {
	mu   sync.Mutex
	list []string
}

func (s *secretSet) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, secret)
}

// addPassword adds the password of a URL.
func (s *secretSet) addPassword(text string) {
	if u, err := url.Parse(text); err == nil {
		if password, ok := u.User.Password(); ok {
			s.add(password)
		}
	}
}

// find returns the first secret in a text, or "".
func (s *secretSet) find(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.list {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

// runScripts runs scripts and fails those in whose output a secret is.
func runScripts(t *testing.T, p testscript.Params) {
	t.Helper()
	testscript.RunT(scriptT{t}, p)
}

// scriptT hears everything that a script's commands print: a verbose script keeps it all in its log.
type scriptT struct{ *testing.T }

// Verbose implements testscript.T.
func (scriptT) Verbose() bool { return true }

// Run implements testscript.T.
func (t scriptT) Run(name string, run func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { run(scriptT{t}) })
}

// Log implements testscript.T.
func (t scriptT) Log(args ...any) {
	t.Helper()
	text := fmt.Sprint(args...)
	for _, line := range secrets.printed(text) {
		t.Errorf("a secret was printed: %s", line)
	}
	t.T.Log(text)
}

// printed returns the lines of a script's log in which a command shows a secret, which is taken out. The lines of the script
// itself, which may state one, begin with "> ".
func (s *secretSet) printed(log string) (lines []string) {
	for line := range strings.Lines(log) {
		if found := s.find(line); found != "" && !strings.HasPrefix(line, "> ") {
			lines = append(lines, strings.ReplaceAll(line, found, "SECRET"))
		}
	}
	return lines
}

func TestPrintedSecretsAreFound(t *testing.T) {
	var s secretSet
	s.add("tr0ub4dor")
	s.addPassword("clickhouse://user:c0rrect%2Fhorse@127.0.0.1:1/x")
	require.Empty(t, s.printed("> env PASSWORD=tr0ub4dor\nfine\n"))
	require.Equal(t, []string{"error: SECRET is wrong\n", "url SECRET"}, s.printed("error: tr0ub4dor is wrong\nurl c0rrect/horse"))
}
