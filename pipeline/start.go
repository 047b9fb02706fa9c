package pipeline

import (
	"context"
	"fmt"

	"github.com/errata-dev/errata/storage"
)

// noCommit stands for "the group has never committed an offset for this partition".
const noCommit = -1

// GapSink keeps gaps where queries can see them. It may be told of one again after a restart.
type GapSink interface {
	RecordGaps(ctx context.Context, gaps []storage.Gap) error
}

// verdict is what is to be done with a position: go on at next, with or without a gap, or halt.
type verdict struct {
	next int64
	gap  span   // empty = none
	halt string // not empty = the partition stops, and why
}

// judge decides where to read a partition from. committed is the group's offset or noCommit, log is
// what the broker has, held are the offsets that the table holds already, at or beyond committed or,
// without a commit, the beginning of the log.
// It never moves a position silently: a jump is a gap, a gap halts unless the operator said otherwise.
func judge(committed int64, log span, held offsets, at StartAt, policy GapPolicy) verdict {
	switch {
	case committed > log.To:
		return verdict{halt: fmt.Sprintf(
			"the committed offset %d lies beyond the end of the log, %d: the topic was re-created or truncated. Start with another --source and --group",
			committed, log.To)}
	case held.end() > log.To:
		return verdict{halt: fmt.Sprintf(
			"the table holds rows up to the offset %d, beyond the end of the log, %d: the topic was re-created or truncated, and its records would pass for the old ones. Start with another --source and --group",
			held.end()-1, log.To)}
	case committed == noCommit && at == StartLatest && len(held) > 0:
		return verdict{next: max(log.From, held[0].From)} // it was here before; what came since must not be passed over
	case committed == noCommit && at == StartLatest:
		return verdict{next: log.To}
	case committed == noCommit:
		return verdict{next: log.From}
	case committed >= log.From:
		return verdict{next: committed}
	}
	lost := span{From: committed, To: log.From}
	if held.covers(lost) {
		return verdict{next: log.From} // the commit went backwards; the table has all of it
	}
	v := verdict{next: log.From, gap: lost}
	if policy == GapHalt {
		v.halt = fmt.Sprintf(
			"the records [%d, %d) were deleted before they were read: the log begins at %d. Allow gaps to go on there, or restore the records",
			lost.From, lost.To, log.From)
	}
	return v
}
