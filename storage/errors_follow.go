package storage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// maxFollowed bounds the rows of one partition that are fetched at a time.
	maxFollowed = 1000
	// followedGrants is how old a grant may be whose rows are still waited for.
	followedGrants = 7 * 24 * time.Hour
)

// Follower returns rows as they are stored: each once, whatever the time that it states.
type Follower struct {
	conn     querier
	filter   Filter
	kind     string
	sinceDay time.Time
	streams  map[stream]position
}

// stream is one partition.
type stream struct {
	source, topic string
	partition     int32
}

// position is how far a partition has been followed.
type position struct {
	hash uint64 // as the server has it
	next int64  // the offset from which on its rows are new
}

func streamOf(r ErrorRow) stream { return stream{r.Source, r.Topic, r.Partition} }

// FollowErrors lists the newest rows of the range, as Errors does, and returns a follower of what is
// stored from now on. No row is in both, and none in neither.
func (db *DB) FollowErrors(ctx context.Context, f Filter, o ErrorsOptions) (*Follower, Answer[ErrorRow], error) {
	none := Answer[ErrorRow]{}
	if _, err := o.withDefaults(); err != nil {
		return nil, none, err
	}
	now, err := db.ServerTime(ctx)
	if err != nil {
		return nil, none, err
	}
	w := &Follower{conn: db.conn, filter: f, kind: cmp.Or(o.Kind, "error"), sinceDay: now.Add(-followedGrants), streams: map[stream]position{}}
	if w.streams, err = w.readStreams(ctx); err != nil {
		return nil, none, err
	}
	answer, err := db.Errors(ctx, f, o)
	// What was stored in between comes with the first Next.
	answer.Rows = slices.DeleteFunc(answer.Rows, func(r ErrorRow) bool { return r.Offset >= w.streams[streamOf(r)].next })
	return w, answer, err
}

// readStreams returns how far each partition reaches, whatever the filter.
func (w *Follower) readStreams(ctx context.Context) (map[stream]position, error) {
	q, err := newQuestion(w.conn, w.filter)
	if err != nil {
		return nil, err
	}
	streams := map[stream]position{}
	return streams, q.ask(ctx, "errors_streams", map[string]any{"kind": w.kind, "since_day": w.sinceDay.Format(time.DateOnly)}, func(rows driver.Rows) error {
		var s stream
		var p position
		err := rows.Scan(&p.hash, &s.source, &s.topic, &s.partition, &p.next)
		streams[s] = p
		return err
	})
}

// Next returns the rows that have been stored since, the oldest first; none when there are none yet. More tells
// that there are more already.
func (w *Follower) Next(ctx context.Context) (list []ErrorRow, more bool, err error) {
	// How far the partitions reach is read first: all up to there is looked at below, and, if it does not pass a rare
	// filter, never again.
	reach, err := w.readStreams(ctx)
	if err != nil || !w.isBehind(reach) {
		return nil, false, err
	}
	q, err := newQuestion(w.conn, w.filter)
	if err != nil {
		return nil, false, err
	}
	seen := map[stream]int{}
	err = q.ask(ctx, "errors_follow", w.parameters(), func(rows driver.Rows) error {
		var hash uint64
		row, err := scanErrorRow(rows, &hash)
		s := streamOf(row)
		seen[s]++
		if next := row.Offset + 1; next > reach[s].next || seen[s] == maxFollowed {
			reach[s] = position{hash, next}
		}
		list = append(list, row)
		return err
	})
	if err != nil {
		return nil, false, err // and nothing has moved: the rows come again
	}
	for s, p := range reach {
		if p.next >= w.streams[s].next { // never back: rows that are deleted and stored again were shown
			w.streams[s] = p
		}
		more = more || seen[s] == maxFollowed
	}
	slices.SortStableFunc(list, func(a, b ErrorRow) int { return timeOf(a).Compare(timeOf(b)) })
	return list, more, nil
}

// isBehind says whether any partition has rows that were not looked at.
func (w *Follower) isBehind(reach map[stream]position) bool {
	for s, p := range reach {
		if p.next > w.streams[s].next {
			return true
		}
	}
	return false
}

func (w *Follower) parameters() map[string]any {
	hashes, next := []uint64{0}, []int64{0} // transform takes no empty arrays
	for _, p := range w.streams {
		hashes, next = append(hashes, p.hash), append(next, p.next)
	}
	return map[string]any{"kind": w.kind, "since_day": w.sinceDay.Format(time.DateOnly), "streams": hashes, "next": next, "most": uint64(maxFollowed)}
}

func timeOf(r ErrorRow) time.Time {
	if r.Time == nil {
		return time.Time{}
	}
	return r.Time.Time
}
