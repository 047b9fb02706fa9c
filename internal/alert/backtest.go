package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/errata-dev/errata/storage"
)

// Life is what a rule would have done about one subject: its episodes that fired.
type Life struct {
	Rule     *Rule
	Labels   map[string]string
	Episodes []Episode
	Track    Track
}

// Backtest walks the rules over [from, to), as Evaluate does over the recent past, and returns the alerts
// that would have fired.
func (e *Engine) Backtest(ctx context.Context, from, to time.Time) ([]Life, error) {
	walk := *e
	walk.walked = &storage.Hours{}
	if err := walk.walked.Refresh(ctx, e.DB, from.Add(-keptFor), to.Add(day)); err != nil {
		return nil, err
	}
	sp, err := e.span(ctx, from, to, &Evaluation{})
	if err != nil {
		return nil, err
	}
	var lives []Life
	for i := range e.Rules.Rules {
		rule := &e.Rules.Rules[i]
		e.progress(rule, 0, 0)
		subjects, err := walk.subjects(ctx, rule, sp)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", rule.Name, err)
		}
		for _, s := range subjects {
			if fired := firedOnly(Lifecycle(s.track, rule)); len(fired) > 0 {
				lives = append(lives, Life{Rule: rule, Labels: rule.labels(s.values), Episodes: fired, Track: s.track})
			}
		}
	}
	return lives, nil
}

func firedOnly(episodes []Episode) []Episode {
	var fired []Episode
	for _, e := range episodes {
		if !e.Fired.IsZero() {
			fired = append(fired, e)
		}
	}
	return fired
}
