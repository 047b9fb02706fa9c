package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/errata-dev/errata/pipeline/grant"
)

// resolve finds out, for each of the accounts, what became of an insert that was not cleanly acknowledged:
// it asks the table, waits until the grant has expired and the insert has ended, and asks again. It tells
// settled of each account as soon as that is known: its todo is then Done, Retry or Halt. It returns errStopped
// when ctx ends before the last one. part names its reasons for not being ready.
func (i *Ingester) resolve(ctx context.Context, part string, open []*account, settled func(*account)) error {
	for n := 1; ; n++ {
		before := phases(open)
		err := i.inquire(ctx, open)
		open = slices.DeleteFunc(open, func(a *account) bool {
			known := a.todo == grant.Done || a.todo == grant.Retry || a.todo == grant.Halt
			if known {
				i.metrics.resolved(a.todo)
				settled(a)
			}
			return known
		})
		switch {
		case len(open) == 0:
			i.health.clear(part)
			return nil
		case ctx.Err() != nil:
			return errStopped
		case err == nil && i.overdue(open) != "":
			i.health.set(part, i.overdue(open))
		case err != nil:
			i.health.set(part, "cannot find out what became of an insert: "+err.Error())
			i.quiet.warn(i.log, "resolve").Err(err).Msg("cannot find out what became of an insert, trying again")
		}
		if !slices.Equal(before, phases(open)) {
			n = 0
			continue
		}
		if !pause(ctx, i.patience(n, open)) {
			return errStopped
		}
	}
}

// overdue says which insert has not ended long after its deadline; it is waited for all the same.
func (i *Ingester) overdue(open []*account) string {
	for _, a := range open {
		if g := a.state.Grant; i.now().After(time.Unix(g.Deadline, 0).Add(insertPatience)) {
			return fmt.Sprintf("partition %s waits for the insert %s, whose time was over at %s, to end on the server",
				a.tp, g.Insert, time.Unix(g.Deadline, 0).UTC().Format(time.RFC3339))
		}
	}
	return ""
}

func phases(accounts []*account) []grant.Phase {
	list := make([]grant.Phase, len(accounts))
	for n, a := range accounts {
		list[n] = a.state.Phase
	}
	return list
}

// patience is how long to wait for what is in doubt: it shows up soon, or not after the earliest deadline.
func (i *Ingester) patience(n int, open []*account) time.Duration {
	wait := backoff(n, i.options.RetryBackoff)
	for _, a := range open {
		if a.state.Phase != grant.Doubt {
			continue
		}
		if left := time.Unix(a.state.Grant.Deadline+1, 0).Sub(i.now()); left > 0 {
			wait = min(wait, left+time.Millisecond)
		}
	}
	return wait
}

// inquire does once what each of the accounts asks for.
func (i *Ingester) inquire(ctx context.Context, open []*account) error {
	if err := i.askClock(ctx, asking(open, grant.AskClock)); err != nil {
		return err
	}
	if err := i.askRunning(ctx, asking(open, grant.AskRunning)); err != nil {
		return err
	}
	return i.askTable(ctx, asking(open, grant.AskTable))
}

func asking(open []*account, todo grant.Effect) []*account {
	var list []*account
	for _, a := range open {
		if a.todo == todo {
			list = append(list, a)
		}
	}
	return list
}

func (i *Ingester) askClock(ctx context.Context, accounts []*account) error {
	if len(accounts) == 0 {
		return nil
	}
	now, err := i.serverTime(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		a.state, a.todo = a.state.Clock(now.Unix())
	}
	return nil
}

// askRunning asks about each insert once; the shares of a block have one in common.
func (i *Ingester) askRunning(ctx context.Context, accounts []*account) error {
	known := map[string]bool{}
	for _, a := range accounts {
		g := a.state.Grant
		running, asked := known[g.Insert]
		if !asked {
			ids, visible, err := i.running(ctx, g.Insert)
			if err != nil {
				return err
			}
			running = ids[g.Insert] || !visible && i.now().Before(time.Unix(g.Deadline, 0).Add(insertPatience))
			known[g.Insert] = running
		}
		a.state, a.todo = a.state.Ran(running)
	}
	return nil
}

// askTable reads back all of the accounts' ranges in one query.
func (i *Ingester) askTable(ctx context.Context, accounts []*account) error {
	if len(accounts) == 0 {
		return nil
	}
	if err := faultpoint("before-readback"); err != nil {
		return err
	}
	from := make(map[tp]int64, len(accounts))
	for _, a := range accounts {
		from[a.tp] = a.state.Grant.Start
	}
	table, err := i.present(ctx, from)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		a.found(table[a.tp])
	}
	return nil
}

// surplusHalt says why an account has halted.
func surplusHalt(a *account) *HaltError {
	g := a.state.Grant
	return &HaltError{a.tp.Topic, a.tp.ID, fmt.Sprintf(
		"the table holds rows of the offsets [%d, %d) more than once; nothing more is inserted. Look at them with `ingest verify`, mend them with `ingest repair`, then start this ingester again",
		g.Start, g.End)}
}
