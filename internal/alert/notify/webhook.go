package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Webhook sends each notification as JSON, signed as the Standard Webhooks specification says
// (https://www.standardwebhooks.com): the headers webhook-id, webhook-timestamp and webhook-signature, and
// Idempotency-Key beside them. A receiver that has seen the id may drop the request.
type Webhook struct {
	url    string
	secret []byte
	client *http.Client
}

// keyPrefix marks a key in the specification's own form: base64 behind it.
const keyPrefix = "whsec_"

// signingKey is the key that a secret states: as whsec_BASE64, else the text itself.
func signingKey(secret string) ([]byte, error) {
	encoded, found := strings.CutPrefix(secret, keyPrefix)
	if !found {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("what stands behind whsec_ is no base64")
	}
	return key, nil
}

// NewWebhook takes the target and the key of its signatures; an empty key signs nothing.
func NewWebhook(url string, secret []byte, reach Reach) *Webhook {
	return &Webhook{url: url, secret: secret, client: retrying(newClient(reach))}
}

// Send tells of one change.
func (w *Webhook) Send(ctx context.Context, now time.Time, n Notification) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return post(ctx, w.client, w.url, body, w.headers(n.ID, now, body))
}

func (w *Webhook) headers(id string, now time.Time, body []byte) http.Header {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("Idempotency-Key", id)
	h.Set("webhook-timestamp", timestamp)
	if len(w.secret) > 0 {
		h.Set("webhook-signature", "v1,"+sign(w.secret, id, timestamp, body))
	}
	return h
}

func sign(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
