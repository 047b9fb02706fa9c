package storage

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Retention is how many days the table keeps rows, counted from the day of their insert. 0 = for ever.
type Retention struct {
	Successes uint32
	Errors    uint32 // dead letters too
}

// check refuses to keep successes longer than errors: every rate would be wrong.
func (r Retention) check() error {
	if r.Errors > 0 && (r.Successes == 0 || r.Successes > r.Errors) {
		return &UsageError{Field: "retain-successes", Value: days(r.Successes), Valid: []string{"at most as long as errors, " + days(r.Errors)}}
	}
	return nil
}

func days(n uint32) string {
	if n == 0 {
		return "for ever"
	}
	return fmt.Sprintf("%dd", n)
}

func (r Retention) String() string {
	return fmt.Sprintf("successes %s, errors %s", days(r.Successes), days(r.Errors))
}

// Shortest is the number of days for which every row is kept; 0 = for ever.
func (r Retention) Shortest() uint32 {
	if r.Successes == 0 || r.Errors != 0 && r.Errors < r.Successes {
		return r.Errors
	}
	return r.Successes
}

// Retention reads what the table's definition says.
func (db *DB) Retention(ctx context.Context) (Retention, error) {
	r, foreign, err := db.readRetention(ctx)
	if err == nil && foreign {
		err = fmt.Errorf("table responses of %s has a TTL that does not count days from block_date: set one with ingest migrate --retain-successes … --retain-errors …", db)
	}
	return r, err
}

// readRetention also tells whether the table has a TTL that is not of our form.
func (db *DB) readRetention(ctx context.Context) (r Retention, foreign bool, err error) {
	err = db.ask(ctx, "table_ttl", nil, func(rows driver.Rows) error {
		var successes, errors uint64
		err := rows.Scan(&successes, &errors, &foreign)
		r = Retention{uint32(successes), uint32(errors)}
		return err
	})
	if r.Successes == 0 {
		r.Successes = r.Errors // without a rule of their own
	}
	return r, foreign, err
}

// SetRetention changes the table's definition; a member that is 0 keeps its value. It returns what holds
// now, and whether that is new. Rows that have become too old go with the next merges: nothing is rewritten
// for it.
func (db *DB) SetRetention(ctx context.Context, want Retention) (now Retention, changed bool, err error) {
	have, foreign, err := db.readRetention(ctx)
	if err != nil || want == (Retention{}) {
		return have, false, err
	}
	if foreign && (want.Successes == 0 || want.Errors == 0) {
		return have, false, &UsageError{Field: "retain-successes", Value: days(want.Successes), Valid: []string{"both, with --retain-errors: the table has a TTL of another form"}}
	}
	if want.Successes == 0 {
		want.Successes = have.Successes
	}
	if want.Errors == 0 {
		want.Errors = have.Errors
	}
	if err := want.check(); err != nil || want == have {
		return have, false, err
	}
	// Materializing would rewrite the whole table at once.
	ctx = clickhouse.Context(undated{ctx}, clickhouse.WithSettings(clickhouse.Settings{"materialize_ttl_after_modify": 0}))
	if err := db.conn.Exec(ctx, "ALTER TABLE responses MODIFY TTL "+want.rules()); err != nil {
		return have, false, fmt.Errorf("change retention: %w", err)
	}
	return want, true, nil
}

// rules are the table's TTL. At least one member is not 0.
func (r Retention) rules() string {
	var rules []string
	if r.Successes > 0 {
		rules = append(rules, fmt.Sprintf("block_date + INTERVAL %d DAY DELETE WHERE kind = 'success'", r.Successes))
	}
	if r.Errors > 0 {
		rules = append(rules, fmt.Sprintf("block_date + INTERVAL %d DAY DELETE", r.Errors))
	}
	return strings.Join(rules, ", ")
}

// ask runs one of the statements that no filter bounds.
func (db *DB) ask(ctx context.Context, name string, parameters map[string]any, scan func(driver.Rows) error) error {
	q := question{conn: db.conn, parameters: map[string]any{}}
	return q.ask(ctx, name, parameters, scan)
}
