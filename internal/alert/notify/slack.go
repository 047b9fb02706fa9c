package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Slack sends to a Slack-compatible incoming webhook: https://api.slack.com/messaging/webhooks.
type Slack struct {
	url    string
	client *http.Client
}

// NewSlack takes the webhook's URL, which is a secret.
func NewSlack(url string, reach Reach) *Slack {
	return &Slack{url: url, client: retrying(newClient(reach))}
}

// Send tells of one change.
func (s *Slack) Send(ctx context.Context, _ time.Time, n Notification) error {
	// A vendor's words are text: no bold, no links, no previews of what stands behind them.
	body, err := json.Marshal(map[string]any{
		"text": slackText(&n), "mrkdwn": false, "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false,
	})
	if err != nil {
		return err
	}
	return post(ctx, s.client, s.url, body, http.Header{})
}

// slackEscaper keeps a vendor's words from becoming mentions or named links, and code where a compatible receiver
// formats text all the same.
var slackEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'", "\n", " ", "\r", " ")

func slackText(n *Notification) string {
	e := &n.Evidence
	lines := []string{slackEscaper.Replace(n.title()), slackEscaper.Replace(e.What)}
	add := func(name, text string) {
		if text != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", name, slackEscaper.Replace(text)))
		}
	}
	add("codes", strings.Join(e.Codes, ", "))
	add("services", strings.Join(e.Services, ", "))
	add("endpoints", strings.Join(e.Endpoints, ", "))
	add("message", e.Message)
	add("what to do", e.Advice)
	add("trace ids", strings.Join(e.TraceIDs, ", "))
	// A command that the escaping would change is left out: somebody will paste it into a shell.
	if e.Query != "" && !strings.ContainsAny(e.Query, "`\r\n") {
		lines = append(lines, slackEscaper.Replace(e.Query))
	}
	return strings.Join(lines, "\n")
}
