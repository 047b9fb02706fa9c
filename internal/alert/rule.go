package alert

import (
	"text/template"
	"time"

	"github.com/errata-dev/errata/storage"
)

// Kind is what a rule looks for.
type Kind string

// The kinds of rule.
const (
	KindSpike    Kind = "spike"    // a code far above its own baseline
	KindNewCode  Kind = "new_code" // a code never seen before
	KindRate     Kind = "rate"     // errors per traffic
	KindCount    Kind = "count"    // errors
	KindStorm    Kind = "storm"    // a retry storm
	KindLimit    Kind = "limit"    // a rate-limit window
	KindSilent   Kind = "silent"   // a vendor's traffic has stopped
	KindUnparsed Kind = "unparsed" // bodies that no definition and no format explains
)

func kinds() []string {
	return []string{
		string(KindSpike), string(KindNewCode), string(KindRate), string(KindCount),
		string(KindStorm), string(KindLimit), string(KindSilent), string(KindUnparsed),
	}
}

// File is what a rules file says.
type File struct {
	Path    string
	Rules   []Rule
	Known   []Known
	Targets Targets
}

// Rule is one reason to page.
type Rule struct {
	Name   string
	Kind   Kind
	Filter storage.Filter // its range is not used
	// By names what is told apart: each of its values is an alert of its own. Vendor by default, so that an
	// incident of a vendor is one page.
	By []string
	// For is how long the condition must hold before the alert fires, KeepFiringFor how long it fires on
	// after the condition held last.
	For, KeepFiringFor time.Duration
	// Datapoints: the condition holds when it does in N of the last M minutes.
	Datapoints  Datapoints
	Severity    string
	Labels      map[string]string
	Annotations map[string]*template.Template

	Above     float64       // rate, unparsed, limit without a known quota: share from 0 to 1; count: errors
	Window    time.Duration // rate, count, silent, unparsed: whole minutes that are looked at together
	MinVolume int           // rate, unparsed, silent: responses in the window, below which nothing is judged
	MinCount  int           // spike, new_code: errors in five minutes; limit: rejections; storm: wasted calls
	Lift      float64       // spike: count / expected

	Line int // where the rule stands in its file
}

// Datapoints is N of M minutes.
type Datapoints struct{ N, M int }

// Known is an error that nobody needs to be told of, until a day.
type Known struct {
	Vendor, Code string // empty Code: all of the vendor's
	Until        time.Time
	Reason       string
	Line         int
}

// Targets say who is told. Secrets are named by file or environment variable, never written down.
type Targets struct {
	Stdout        bool
	Alertmanagers []string // base URLs
	Webhooks      []Webhook
	Slack         []Secret // each the incoming-webhook URL, which is a secret
}

// Empty tells whether there is nobody to tell.
func (t *Targets) Empty() bool {
	return !t.Stdout && len(t.Alertmanagers) == 0 && len(t.Webhooks) == 0 && len(t.Slack) == 0
}

// Webhook is a URL that takes JSON.
type Webhook struct {
	URL    string
	Secret Secret // signs the requests; empty = unsigned
	Line   int
}

// Secret says where a secret stands.
type Secret struct {
	File, Env string
	Line      int
}
