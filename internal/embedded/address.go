package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Names inside every engine.
const (
	databaseName = "errata"
	userName     = "errata"
	readerName   = "errata_reader"
)

// address is how a running engine is reached: the content of its address file, which only the owner may read.
type address struct {
	Pid            int    `json:"pid"`
	Native         string `json:"native"` // host:port
	HTTP           string `json:"http"`   // host:port
	User           string `json:"user"`
	Password       string `json:"password"`
	Reader         string `json:"reader"`
	ReaderPassword string `json:"reader_password"`
	Version        string `json:"version"`
}

// String never shows the passwords.
func (a address) String() string {
	return fmt.Sprintf("ClickHouse %s, pid %d, native %s, http %s", a.Version, a.Pid, a.Native, a.HTTP)
}

// GoString never shows the passwords.
func (a address) GoString() string { return a.String() }

func (a address) url(user, password, database string) string {
	u := url.URL{Scheme: "clickhouse", Host: a.Native, User: url.UserPassword(user, password), Path: "/" + database}
	return u.String()
}

// errRefused is an answer of the engine other than success, as opposed to none at all.
var errRefused = errors.New("engine refused the query")

// query runs one statement as the owner over HTTP and returns the answer, at most 1 MiB of it.
func (a address) query(ctx context.Context, statement string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.HTTP+"/", strings.NewReader(statement))
	if err != nil {
		return "", fmt.Errorf("query engine: %w", err)
	}
	req.SetBasicAuth(a.User, a.Password)
	transport := &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true} // no proxy: this is loopback
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", fmt.Errorf("query engine: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // the answer has been read, or the error is known
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("query engine: %w", err)
	}
	text := strings.TrimSpace(string(body))
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%w: status %d: %s", errRefused, resp.StatusCode, excerpt(text, 500))
	}
	return text, nil
}

// excerpt cuts text to at most limit bytes.
func excerpt(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}
