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
	body, err := json.Marshal(map[string]string{"text": slackText(&n)})
	if err != nil {
		return err
	}
	return post(ctx, s.client, s.url, body, http.Header{})
}

// slackEscaper keeps a vendor's words from becoming mentions, named links or code. Bare URLs and *bold* stay
// what Slack makes of them.
var slackEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'", "\n", " ", "\r", " ")

func slackText(n *Notification) string {
	e := &n.Evidence
	lines := []string{"*" + slackEscaper.Replace(n.title()) + "*", slackEscaper.Replace(e.What)}
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
		lines = append(lines, "`"+slackEscaper.Replace(e.Query)+"`")
	}
	return strings.Join(lines, "\n")
}
