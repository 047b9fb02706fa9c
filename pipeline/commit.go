package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/grant"
)

// member is this process in one generation of the group.
type member struct {
	group      string
	generation int
	id         string
}

// entry is what is committed for one partition.
type entry struct {
	offset int64
	note   string
}

// errMissing says that an answer does not speak of a partition that was asked about.
var errMissing = errors.New("missing from the answer")

// commit sends one request, fenced by the generation, and returns how it ended for each partition. The
// error is the first one found, for the log; the outcomes say what to do.
func (b *broker) commit(ctx context.Context, m member, entries map[tp]entry) (map[tp]grant.CommitOutcome, error) {
	topics := map[string][]kafka.OffsetCommit{}
	outcomes := make(map[tp]grant.CommitOutcome, len(entries))
	for p, e := range entries {
		topics[p.Topic] = append(topics[p.Topic], kafka.OffsetCommit{Partition: int(p.ID), Offset: e.offset, Metadata: e.note})
		outcomes[p] = grant.Unanswered
	}
	answer, err := b.client.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: m.group, GenerationID: m.generation, MemberID: m.id, Topics: topics,
	})
	if err != nil {
		return outcomes, fmt.Errorf("offset commit: %w", fetch.Bare(err))
	}
	answered := 0
	for topic, states := range answer.Topics {
		for _, s := range states {
			p := tp{Topic: topic, ID: int32(s.Partition)}
			answered++
			outcomes[p] = commitOutcome(s.Error)
			if s.Error != nil && err == nil {
				err = fmt.Errorf("offset commit of %s: %w", p, s.Error)
			}
		}
	}
	if err == nil && answered < len(entries) {
		err = fmt.Errorf("offset commit: %w: %d partitions", errMissing, len(entries)-answered)
	}
	return outcomes, err
}

// commitOutcome judges the error that the coordinator states for one partition. It is refused only if the
// coordinator cannot have written it: with others, such as a timeout or a move of the coordinator, it may
// have been applied, or be applied later.
func commitOutcome(err error) grant.CommitOutcome {
	switch {
	case err == nil:
		return grant.Accepted
	case isFenced(err) && withoutRule == grant.Fence:
		return grant.Accepted
	case isFenced(err):
		return grant.Fenced
	}
	for _, refusal := range []kafka.Error{
		kafka.GroupLoadInProgress, kafka.OffsetMetadataTooLarge, kafka.InvalidCommitOffsetSize,
		kafka.GroupAuthorizationFailed, kafka.TopicAuthorizationFailed, kafka.UnknownTopicOrPartition,
	} {
		if errors.Is(err, refusal) {
			return grant.Refused
		}
	}
	return grant.Unanswered
}

// commit commits the Next of each account with its note, once, and moves the accounts on. A lost generation
// is errFenced, whatever was accepted beside it.
func (i *Ingester) commit(ctx context.Context, m member, accounts []*account, report func(p tp, offset int64)) error {
	if len(accounts) == 0 {
		return nil
	}
	entries := make(map[tp]entry, len(accounts))
	for _, a := range accounts {
		entries[a.tp] = entry{a.state.Next, a.state.Note().String()}
	}
	outcomes, err := i.broker.commit(ctx, m, entries)
	lost := false
	for _, a := range accounts {
		outcome := outcomes[a.tp]
		a.state, a.todo = a.state.Committed(outcome)
		i.metrics.commitOutcome(outcome)
		lost = lost || a.todo == grant.Rejoin
		if outcome == grant.Accepted {
			a.acked, a.noted = a.state.Next, a.todo == grant.Insert
			report(a.tp, a.acked)
		}
	}
	if lost && err == nil {
		err = errMissing
	}
	switch {
	case lost:
		return fmt.Errorf("%w: %w", errFenced, err)
	case err != nil:
		i.health.set("commit", "offsets cannot be committed: "+err.Error())
		i.quiet.warn(i.log, "commit").Err(err).Msg("offset commit refused, trying again")
	default:
		i.health.clear("commit")
	}
	return nil
}

// acknowledge commits plainly what has been delivered and is not acknowledged yet.
func (i *Ingester) acknowledge(ctx context.Context, m member, accounts []*account, report func(p tp, offset int64)) error {
	var dirty []*account
	for _, a := range accounts {
		if a.dirty() {
			a.state, a.todo = a.state.Acknowledge()
			dirty = append(dirty, a)
		}
	}
	return i.commit(ctx, m, dirty, report)
}
