// Package grant is the delivery protocol for one partition: who may insert which records, until when, and
// what is to be done when nobody can say how an insert went.
//
// Kafka's committed offset and the metadata string beside it, a Note, are the only durable state. A writer
// first commits a Grant, fenced by its generation of the consumer group; then it inserts the granted range
// once; whatever is not a clean acknowledgement is resolved by reading back what the table holds, at the
// latest when the deadline of the grant has passed and the insert runs no more. See docs/decisions/006.
//
// The package is pure: events in, effects out. It has no clock, no goroutine and no connection, so that the
// ingester, the model checker and the property tests drive the same code. It does not know about blocks:
// the parts of one block are the partitions whose grants carry the same insert id.
package grant

// Mark is a record as the group has seen it, to find out later whether the log is still the same one.
type Mark struct {
	Offset   int64
	Checksum uint32 // CRC-32C of the record's value
	Known    bool
}

// Grant permits one insert of one range, once.
type Grant struct {
	Start, End int64  // offsets [Start, End)
	Count      int64  // records among them; each has exactly one row when the range is done
	Last       Mark   // the last record of the range
	Insert     string // query id of the insert; the grants of one block share it
	Day        int64  // days since 1970 (UTC) that the rows are filed under; the same for every attempt
	Attempt    int    // 1 for the first
	Deadline   int64  // Unix seconds on the table server's clock; the table refuses the rows from then on
}

// Rule is one of the rules that keep the promise. A State without one of them exists only to show that
// each is needed: the model checker and the fault tests must then find a loss or a duplicate.
type Rule uint8

// The rules. AllRules removes none.
const (
	AllRules      Rule = iota
	GrantFirst         // the grant is committed before the insert is sent
	GrantDeadline      // the insert carries the deadline of its grant, not one counted from its sending
	AwaitDeadline      // what is missing before the deadline may still arrive
	AwaitEnd           // what is missing while the insert runs may still arrive
	ReadBack           // what is there is not inserted again
	Guard              // the table refuses rows after the deadline
	Fence              // commits of an older generation are refused
	EndUnanswered      // a commit without an answer ends the generation: it may be applied yet, as long as that lasts
)

// Rules lists every rule that can be removed.
var Rules = []Rule{GrantFirst, GrantDeadline, AwaitDeadline, AwaitEnd, ReadBack, Guard, Fence, EndUnanswered}

func (r Rule) String() string {
	return [...]string{"all rules", "grant first", "grant deadline", "await deadline", "await end", "read back", "guard", "fence", "end unanswered"}[r]
}
