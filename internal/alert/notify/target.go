package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"sync"
	"time"

	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// sender tells one receiver of one change.
type sender interface {
	Send(ctx context.Context, now time.Time, n Notification) error
}

// Ledger remembers across restarts and instances who has been told what. *storage.DB is one.
type Ledger interface {
	ClaimChange(ctx context.Context, c storage.Change, owner string) (bool, error)
	FulfilChange(ctx context.Context, c storage.Change, owner string) error
}

// target is a receiver that is told of changes, once each.
type target struct {
	name   string // for logs: no secret
	id     string // for the ledger
	sender sender
	ledger Ledger
	owner  string

	busy   sync.Mutex           // held while telling: a slow receiver holds up nobody else
	told   map[string]telling   // by fingerprint; spares asking the ledger again and again
	others map[string]Status    // by fingerprint: what the ledger said that others tell, or have told
	failed map[string]time.Time // by fingerprint: since when the ledger cannot be asked about it
	seen   map[string]time.Time // by fingerprint: when it was heard of last
	fault  error                // of the ledger, while telling: it is not asked for each of many changes
}

// telling is what a target was told last, and when.
type telling struct {
	status Status
	at     time.Time
	owed   *storage.Change // what the ledger does not know of it yet
}

// ledgerPatience is how long the ledger may fail before a change is told without asking it.
const ledgerPatience = 30 * time.Second

// rememberedFor is how long an alert that nobody mentions is remembered: much longer than one is told as resolved.
const rememberedFor = 24 * time.Hour

// newTarget names a receiver by the host of its URL and knows it by the hash of the whole.
func newTarget(kind, address string, s sender, l Ledger, owner string) *target {
	hash := sha256.Sum256([]byte(kind + " " + address))
	name := kind
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		name += " " + u.Host
	}
	return &target{
		name: name, id: kind + "-" + hex.EncodeToString(hash[:8]), sender: s, ledger: l, owner: owner,
		told: map[string]telling{}, others: map[string]Status{}, failed: map[string]time.Time{}, seen: map[string]time.Time{},
	}
}

// tell sends what the target does not know yet. It does nothing while it is still busy with the last ones.
func (t *target) tell(ctx context.Context, now time.Time, notifications []Notification) (faults []error) {
	if !t.busy.TryLock() {
		return nil
	}
	defer t.busy.Unlock()
	t.fault = nil
	t.forget(now)
	for _, n := range notifications {
		if err := t.change(ctx, now, n); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", t.name, err))
		}
	}
	return faults
}

// forget drops what is long gone, but for what the ledger has still to learn.
func (t *target) forget(now time.Time) {
	for fingerprint, at := range t.seen {
		if now.Sub(at) > rememberedFor && t.told[fingerprint].owed == nil {
			delete(t.told, fingerprint)
			delete(t.others, fingerprint)
			delete(t.failed, fingerprint)
			delete(t.seen, fingerprint)
		}
	}
}

func (t *target) change(ctx context.Context, now time.Time, n Notification) error {
	fingerprint := n.Fingerprint()
	t.seen[fingerprint] = now
	last := t.told[fingerprint]
	if last.owed != nil && t.fulfil(ctx, *last.owed) == nil {
		last.owed = nil
		t.told[fingerprint] = last
	}
	if last.status == n.Status && !last.at.Before(n.since) {
		return nil
	}
	c := storage.Change{Target: t.id, Alert: fingerprint, Status: string(n.Status), Since: n.since}
	mine, err := t.claim(ctx, c)
	if err != nil {
		return t.withoutLedger(ctx, now, n, c, err)
	}
	delete(t.failed, fingerprint)
	delete(t.told, fingerprint) // whoever tells of this change: the next one is news again
	if !mine {
		t.others[fingerprint] = n.Status
		return nil
	}
	delete(t.others, fingerprint) // what they told is over
	if err := t.sender.Send(ctx, now, n); err != nil {
		return err
	}
	if err = t.fulfil(ctx, c); err != nil {
		t.told[fingerprint] = telling{status: n.Status, at: now, owed: &c}
		return err
	}
	t.told[fingerprint] = telling{status: n.Status, at: now}
	return nil
}

// claim asks the ledger, unless it has failed since telling began: each question may take ten seconds to fail.
func (t *target) claim(ctx context.Context, c storage.Change) (mine bool, err error) {
	if t.fault == nil {
		mine, t.fault = t.ledger.ClaimChange(ctx, c, t.owner)
	}
	return mine, t.fault
}

// fulfil is the same for what has been told.
func (t *target) fulfil(ctx context.Context, c storage.Change) error {
	if t.fault == nil {
		t.fault = t.ledger.FulfilChange(ctx, c, t.owner)
	}
	return t.fault
}

// withoutLedger tells of a change while the ledger cannot be asked who has: twice is better than never. What this
// process has told, or knew another to tell, it does not tell again; and of the end of what nobody here told, nothing.
func (t *target) withoutLedger(ctx context.Context, now time.Time, n Notification, c storage.Change, fault error) error {
	fingerprint := n.Fingerprint()
	since, failing := t.failed[fingerprint]
	if !failing {
		t.failed[fingerprint] = now
		return fault
	}
	unheard := n.Status == StatusResolved && t.told[fingerprint].status != StatusFiring
	if now.Sub(since) < ledgerPatience || t.others[fingerprint] == n.Status || unheard {
		return nil // said once
	}
	if err := t.sender.Send(ctx, now, n); err != nil {
		return err
	}
	delete(t.failed, fingerprint)
	delete(t.others, fingerprint)
	t.told[fingerprint] = telling{status: n.Status, at: now, owed: &c}
	return nil
}

// printer writes notifications as JSON lines, each change once.
type printer struct {
	out  io.Writer
	told map[string]printed // by fingerprint
}

// printed is what was written last of an alert, and when it was heard of last.
type printed struct {
	status Status
	seen   time.Time
}

func (p *printer) tell(now time.Time, notifications []Notification) error {
	maps.DeleteFunc(p.told, func(_ string, last printed) bool { return now.Sub(last.seen) > rememberedFor })
	for _, n := range notifications {
		if p.told[n.Fingerprint()].status != n.Status {
			line, err := json.Marshal(n)
			if err != nil {
				return err
			}
			if _, err := p.out.Write(append(render.EscapeJSON(line), '\n')); err != nil {
				return fmt.Errorf("standard output: %w", err)
			}
		}
		p.told[n.Fingerprint()] = printed{status: n.Status, seen: now}
	}
	return nil
}
