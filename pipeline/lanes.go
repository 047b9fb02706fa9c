package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/rs/zerolog"
)

// Shard is one server of a ClickHouse cluster. All rows of the partitions that are placed on it go there
// and are read back from there.
type Shard struct {
	Name       string // for the log and for Ready
	Sink       Sink
	Back       ReadBack
	Gaps       GapSink
	Watermarks WatermarkSink
	Metrics    *Metrics // nil = nobody looks at them; two shards cannot share them
}

// NewSharded makes an Ingester over several servers: one member of the group, with a lane for each shard,
// from the fetcher to the read-back. So each partition is delivered as if there were only its server, and a
// server that is down holds up its own partitions and no others; nor does it a rebalance, see apart. place must always say the same of a partition:
// it numbers the shard that has its rows, from 0.
func NewSharded(o Options, parser Parser, shards []Shard, place func(topic string, partition int32) int, log zerolog.Logger) (*Ingester, error) {
	if len(shards) == 0 {
		return nil, errors.New("pipeline options: no shards")
	}
	i, err := New(o, parser, nil, nil, log, nil)
	if err != nil {
		return nil, err
	}
	i.lanes, i.shardOf = make([]*Ingester, len(shards)), place
	for n, s := range shards {
		o.Gaps, o.Watermarks = s.Gaps, s.Watermarks
		lane, err := New(o, parser, s.Sink, s.Back, log.With().Str("shard", s.Name).Logger(), s.Metrics)
		if err != nil {
			return nil, err
		}
		lane.name, lane.bounded, lane.beside = s.Name, i.bounded, len(shards) > 1
		lane.health.clear("group") // that is the member's business, not the lane's
		i.lanes[n] = lane
	}
	return i, nil
}

// openLanes tells the lanes what Run has found out.
func (i *Ingester) openLanes() {
	for _, lane := range i.lanes {
		lane.broker, lane.source = i.broker, i.source
	}
}

// divide says which lane has to deliver which of the partitions. Lanes without any are left out.
func (i *Ingester) divide(owned []tp) map[*Ingester][]tp {
	shares := map[*Ingester][]tp{}
	for _, p := range owned {
		lane := i.lanes[i.shardOf(p.Topic, p.ID)]
		shares[lane] = append(shares[lane], p)
	}
	return shares
}

// shareMemory gives the lane its part of the process's memory: a server that does not answer must not hold
// what the lanes of others need.
func (i *Ingester) shareMemory(whole Options, lanes int) {
	i.options.Memory = whole.Memory / int64(lanes)
	i.options.MaxBlockBytes = min(whole.MaxBlockBytes, i.options.blockMemory())
}

// lost is how many generations in a row a commit has lost, of the lane with the most.
func (i *Ingester) lost() int {
	most := 0
	for _, lane := range i.lanes {
		most = max(most, lane.losses)
	}
	return most
}

// Stats returns what has been done so far. It is safe for concurrent use.
func (i *Ingester) Stats() Stats {
	sum := i.lanes[0].counters.stats()
	for _, lane := range i.lanes[1:] {
		sum.add(lane.counters.stats())
	}
	return sum
}

func (s *Stats) add(other Stats) {
	s.Records += other.Records
	s.Successes += other.Successes
	s.Errors += other.Errors
	s.DeadLetters += other.DeadLetters
	s.Bytes += other.Bytes
	s.Blocks += other.Blocks
	s.InsertErrors += other.InsertErrors
	s.Skipped += other.Skipped
	s.Gaps += other.Gaps
	for reason := range maps.Keys(other.Reasons) {
		s.Reasons[reason] += other.Reasons[reason]
	}
}

// Ready reports whether records are being delivered, and if not, why: all reasons, one a line, with the
// shard that each is about. It is safe for concurrent use.
func (i *Ingester) Ready() (ready bool, reason string) {
	ready, reason = i.health.state()
	if i.lanes[0] == i {
		return ready, reason
	}
	reasons := strings.FieldsFunc(reason, func(r rune) bool { return r == '\n' })
	for _, lane := range i.lanes {
		if fine, why := lane.health.state(); !fine {
			for line := range strings.Lines(why) {
				reasons = append(reasons, fmt.Sprintf("shard %s: %s", lane.name, strings.TrimSuffix(line, "\n")))
			}
		}
	}
	return len(reasons) == 0, strings.Join(reasons, "\n")
}
