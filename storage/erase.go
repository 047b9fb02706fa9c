package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Erasure says which rows an expression selects.
type Erasure struct {
	Rows        uint64   `json:"rows"`
	Errors      uint64   `json:"errors"`
	Successes   uint64   `json:"successes"`
	DeadLetters uint64   `json:"dead_letters"`
	First       *Time    `json:"first"`
	Last        *Time    `json:"last"`
	Days        []string `json:"days"` // of their insert
}

// errExpression says that a text is no condition on rows.
var errExpression = errors.New("cannot use the expression")

// PreviewErasure counts the rows that a condition, in ClickHouse's SQL over the columns of responses,
// selects. It changes nothing, whatever the condition is: the statement is sent as read-only.
func (db *DB) PreviewErasure(ctx context.Context, condition string) (Erasure, error) {
	var e Erasure
	var first, last time.Time
	query, err := withExpression("erase_preview", condition)
	if err != nil {
		return e, err
	}
	q := question{conn: db.conn}
	err = q.run(db.readOnly(ctx), query, nil, func(rows driver.Rows) error {
		return rows.Scan(&e.Rows, &first, &last, &e.Days, &e.Errors, &e.Successes, &e.DeadLetters)
	})
	if err != nil {
		return e, fmt.Errorf("%w: %w", errExpression, err)
	}
	if e.Rows > 0 {
		e.First, e.Last = known(first), known(last)
	}
	return e, nil
}

// readOnly forbids changes to the statements under the context.
func (db *DB) readOnly(ctx context.Context) context.Context {
	return clickhouse.Context(undated{ctx}, clickhouse.WithSettings(clickhouse.Settings{"readonly": 1}))
}

// withExpression puts a condition into a statement. It stands on lines of its own in brackets, so that a
// comment in it or a bracket too many makes the statement wrong instead of another one.
func withExpression(name, condition string) (string, error) {
	if strings.TrimSpace(condition) == "" {
		return "", fmt.Errorf("%w: it is empty", errExpression)
	}
	text, err := readQuery(name)
	if err != nil {
		return "", err
	}
	return strings.Replace(text, "/* expression */", condition, 1), nil
}

// Erase blanks the contents of the rows that the condition selects, and returns when that is done. The rows
// themselves stay. Their places are remembered first, in the table erasures, so that nothing brings the
// contents back: not a replay, not a repair. progress, which may be nil, is told how many parts are still to
// be rewritten. It takes the rights INSERT on erasures and meta, and ALTER UPDATE on responses.
func (db *DB) Erase(ctx context.Context, condition string, progress func(parts int64)) error {
	id := strings.ToLower(rand.Text())
	remember, err := withExpression("change_remember_erased", condition)
	if err != nil {
		return err
	}
	settings := clickhouse.Context(undated{ctx}, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
	if err := db.conn.Exec(settings, remember, clickhouse.Named("erasure", id)); err != nil {
		return fmt.Errorf("remember what is erased: %w", err)
	}
	if err := db.blank(ctx, id); err != nil {
		return err
	}
	if err := db.awaitMutation(ctx, id, mutation{}, progress); err != nil {
		return fmt.Errorf("the rows are being erased: %w", err)
	}
	return db.recordErasure(ctx, id, condition)
}

// blank starts the mutation. No text of the condition gets into it: mutations stay visible.
func (db *DB) blank(ctx context.Context, id string) error {
	text, err := readQuery("change_blank_erased")
	if err != nil {
		return err
	}
	if err := db.mutate(ctx, strings.Replace(text, "/* erasure */", id, 1)); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	return nil
}

// erasureRecord is what meta keeps of an erasure: nothing of a person. The hash lets whoever knows the
// condition prove that it was carried out.
type erasureRecord struct {
	Erasure string `json:"erasure"`
	SHA256  string `json:"condition_sha256"`
}

func (db *DB) recordErasure(ctx context.Context, id, condition string) error {
	sum := sha256.Sum256([]byte(condition))
	value, err := json.Marshal(erasureRecord{id, hex.EncodeToString(sum[:])})
	if err != nil {
		return fmt.Errorf("record the erasure: %w", err)
	}
	if err := db.writeMeta(ctx, "erasure", string(value)); err != nil {
		return fmt.Errorf("record the erasure: %w", err)
	}
	return nil
}
