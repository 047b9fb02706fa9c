package pipeline

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/errata-dev/errata/pipeline/grant"
)

// Position is how far a group has come in one partition.
type Position struct {
	Topic     string
	Partition int32
	LogStart  int64 // the oldest offset that the broker has
	LogEnd    int64 // the next offset to be written
	Committed int64 // the next offset to deliver; everything below has its rows. -1 = nothing committed yet
	// Open says that an insert beginning at Committed was permitted and has not been acknowledged yet: it
	// is under way, or whoever owns the partition next has to find out what became of it.
	Open  bool
	Grant grant.Grant // when Open
	// Note says why the note beside the offset cannot be read; nil = it can.
	Note error
}

// Lag returns how many offsets of the log have no acknowledged rows yet.
func (p Position) Lag() int64 { return p.LogEnd - max(p.LogStart, p.Committed) }

// Positions asks the cluster how far the group is in the partitions of the topics, in order of topic and
// partition. It joins no group and changes nothing. The errors are those of Run's first connection; where only some
// of the topics do not exist, the others' positions come with ErrNoTopic.
func Positions(ctx context.Context, o Options) ([]Position, error) {
	o = o.withDefaults()
	b := endpoint{brokers: o.Brokers, topics: o.Topics, clientID: o.ClientID, tls: o.TLS, sasl: o.SASL, timeout: o.RequestTimeout}.open()
	defer b.close()
	seen, err := b.connect(ctx, o.Topics)
	if err != nil {
		return nil, err
	}
	partitions := make([]tp, 0, len(seen.leaders))
	for p := range seen.leaders {
		partitions = append(partitions, p)
	}
	group, err := b.committed(ctx, o.Group, partitions)
	if err != nil {
		return nil, err
	}
	logs, failed, err := b.bounds(ctx, partitions)
	for _, reason := range failed {
		err = errors.Join(err, reason)
	}
	if err != nil {
		return nil, err
	}
	positions := make([]Position, 0, len(partitions))
	for _, p := range partitions {
		at := group[p]
		positions = append(positions, Position{
			Topic: p.Topic, Partition: p.ID, LogStart: logs[p].From, LogEnd: logs[p].To,
			Committed: at.offset, Open: at.note.Open, Grant: at.note.Grant, Note: at.err,
		})
	}
	slices.SortFunc(positions, func(a, b Position) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return positions, seen.missing
}
