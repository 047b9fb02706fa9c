package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxReply bounds how much of a target's answer is read.
const maxReply = 4 << 10

// post sends JSON. Its error names the target but neither the URL's path, which can be a secret, nor more of
// the answer than a line.
func post(ctx context.Context, client *http.Client, target string, body []byte, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL cannot be used") // the error would show it
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "errata")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", req.URL.Host, withoutURL(err))
	}
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	err = errors.Join(err, resp.Body.Close())
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s: %s", req.URL.Host, resp.Status, firstLine(reply))
	}
	return err
}

// withoutURL drops the URL that net/http puts into its errors.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return strings.ToValidUTF8(line, "?")
}
