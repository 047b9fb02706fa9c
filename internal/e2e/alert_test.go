package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdReceiver starts a web server that writes each request's body to webhook.jsonl, and sets WEBHOOK to its URL.
func cmdReceiver(ts *testscript.TestScript, _ bool, _ []string) {
	file, err := os.Create(ts.MkAbs("webhook.jsonl"))
	ts.Check(err)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("webhook-signature") == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, err := io.Copy(file, r.Body)
		if _, more := file.WriteString("\n"); err != nil || more != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	ts.Defer(func() {
		server.Close()
		ts.Check(file.Close())
	})
	ts.Setenv("WEBHOOK", server.URL)
}
