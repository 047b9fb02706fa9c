package storage

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Replay is a reading of parts of a topic once more, whose rows replace those of older generations.
type Replay struct {
	Generation uint32       `json:"generation"` // 2 or more
	Done       bool         `json:"done"`
	Spans      []ReplaySpan `json:"spans"`
}

// ReplaySpan is [From, To) of one partition.
type ReplaySpan struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
}

// GenerationName is the source under which a generation's rows are stored.
func GenerationName(source string, generation uint32) string {
	return fmt.Sprintf("%s~%d", source, generation)
}

// Generation returns the newest generation of a source that the table holds rows of; 1 is the source itself.
func (db *DB) Generation(ctx context.Context, source string) (uint32, error) {
	newest := uint32(1)
	err := db.ask(ctx, "generations", map[string]any{"source": source}, func(rows driver.Rows) error {
		var generation uint32
		err := rows.Scan(&generation)
		newest = max(newest, generation)
		return err
	})
	return newest, err
}

func replayKey(source string) string { return "replay:" + source }

// LastReplay returns what is known of the newest replay of a source; nil if there was none.
func (db *DB) LastReplay(ctx context.Context, source string) (*Replay, error) {
	var text string
	err := db.ask(ctx, "replay_state", map[string]any{"key": replayKey(source)}, func(rows driver.Rows) error { return rows.Scan(&text) })
	if err != nil || text == "" {
		return nil, err
	}
	r := new(Replay)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("meta.%s: %w", replayKey(source), err)
	}
	return r, nil
}

// RecordReplay writes down how far a replay is, so that another process can finish it.
func (db *DB) RecordReplay(ctx context.Context, source string, r Replay) error {
	value, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("record the replay: %w", err)
	}
	if err := db.writeMeta(ctx, replayKey(source), string(value)); err != nil {
		return fmt.Errorf("record the replay: %w", err)
	}
	return nil
}

// DeleteReplaced deletes the rows of [from, to) of which the given generation has one as well, except its
// own. No offset loses its only row. It takes the right ALTER DELETE.
func (db *DB) DeleteReplaced(ctx context.Context, s Stream, generation uint32, from, to int64) error {
	text, err := readQuery("change_delete_replaced")
	if err != nil {
		return err
	}
	parameters := s.parameters(from, to)
	parameters["generation"] = GenerationName(s.Source, generation)
	if err := db.conn.execLong(ctx, text, bind(parameters)...); err != nil {
		return fmt.Errorf("delete replaced rows: %w", err)
	}
	return nil
}
