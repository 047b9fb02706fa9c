package pipeline

import (
	"context"
	"sync"
	"time"
)

// lifetime tells the parts of one generation when to stop. Its contexts end in this order:
//
//	fetch  the process is to end, or the group moves the partitions
//	work   nothing new may begin: the partitions are moving, or the time to drain is over
//	answer no insert is waited for any more; with hard, unless a lane ends alone
//	hard   what is still under way is abandoned
type lifetime struct {
	fetch, work, answer, hard context.Context

	stop   context.CancelFunc
	giveUp context.CancelFunc // ends work and fetch: the generation is lost
	// over says that the generation has ended. It is called before fetch ends, and so before any part takes back
	// why it is not ready.
	over func()
}

// newLifetime derives the contexts. ctx ends when the process is to end; what is assembled has drain
// from then. generation ends when the group moves on; what is under way has bound from then. over is called once,
// at the first sign of either.
func newLifetime(ctx, generation context.Context, drain, bound time.Duration, over func()) *lifetime {
	over = sync.OnceFunc(over)
	fetch, cancelFetch := context.WithCancel(context.Background())
	stopFetch := func() { over(); cancelFetch() }
	work, stopWork := context.WithCancel(context.Background())
	hard, stopHard := context.WithCancel(context.Background())
	go func() {
		defer stopHard()
		defer stopWork()
		defer stopFetch()
		select {
		case <-ctx.Done():
			stopFetch()
			end := time.Now().Add(drain)
			if await(hard, generation.Done(), drain) {
				return // drained in time, or not: nothing else to wait for
			}
			bound = min(bound, time.Until(end)) // a rebalance does not put the end off
		case <-generation.Done():
		case <-hard.Done():
			return
		}
		stopFetch()
		stopWork()
		await(hard, nil, bound)
	}()
	return &lifetime{fetch: fetch, work: work, answer: hard, hard: hard, stop: stopHard, giveUp: func() { stopFetch(); stopWork() }, over: over}
}

// apart is the lifetime for one of several lanes, which may end before it: then it begins nothing new and waits for
// no insert, but can still commit.
func (l *lifetime) apart() (own *lifetime, end context.CancelFunc) {
	own = new(lifetime)
	*own = *l
	var endWork, endAnswer context.CancelFunc
	own.work, endWork = context.WithCancel(l.work)
	own.answer, endAnswer = context.WithCancel(l.answer)
	return own, func() { endWork(); endAnswer() }
}

// await waits until ended is closed (false), or until over ends or the time is up (true).
func await(over context.Context, ended <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ended:
		return false
	case <-over.Done():
	case <-timer.C:
	}
	return true
}
