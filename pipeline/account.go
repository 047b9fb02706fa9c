package pipeline

import (
	"sync"
	"sync/atomic"

	"github.com/errata-dev/errata/pipeline/grant"
)

// account is the delivery of one owned partition in one generation. Whoever works on it has it alone: the
// resolver while its predecessor's grant is in doubt, the deliverer from when it is open.
type account struct {
	tp    tp
	state grant.State
	todo  grant.Effect // what the state asks for next, while it is being resolved
	acked int64        // the offset that the group has for certain
	noted bool         // with a grant beside it
	// refused: the coordinator takes no commit for it in this generation.
	refused bool
	// held are the rows at or beyond Next that the table had when it was last asked. The assembler reads
	// it while it writes rows, hence atomic.
	held atomic.Pointer[offsets]
}

// noRows is what a partition's table holds before it was asked.
var noRows = offsets{}

func newAccount(p tp) *account {
	a := &account{tp: p, state: grant.State{Without: withoutRule}}
	a.held.Store(&noRows)
	return a
}

// dirty reports whether the group has to be told something: its offset is not Next, or its grant is not
// open any more.
func (a *account) dirty() bool {
	return a.state.Phase == grant.Free && !a.refused && (a.state.Next != a.acked || a.noted)
}

// found takes what the table holds at or beyond the beginning of the grant's range.
func (a *account) found(t *holdings) {
	a.held.Store(&t.held)
	whole := span{From: a.state.Grant.Start, To: a.state.Grant.End}
	a.state, a.todo = a.state.Found(t.held.count(whole), t.surplusIn(whole))
}

// ledger holds the open accounts of one generation. It is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex
	accounts map[tp]*account
}

func newLedger() *ledger { return &ledger{accounts: map[tp]*account{}} }

func (l *ledger) open(a *account) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accounts[a.tp] = a
}

// of returns the account of an owned partition, which the fetcher hands out only when it is open.
func (l *ledger) of(p tp) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accounts[p]
}

func (l *ledger) all() []*account {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*account, 0, len(l.accounts))
	for _, a := range l.accounts {
		all = append(all, a)
	}
	return all
}
