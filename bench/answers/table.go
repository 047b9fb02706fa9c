package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/errata-dev/errata/storage"
)

const (
	days = 30
	// retainDays keeps every row: a benchmark whose successes expire measures something else next month.
	retainDays = 3650
	day        = 24 * time.Hour
	// madeKey notes a day that is made. Its number is that of the newest migration that rows are written for: days from
	// before are made anew.
	madeKey = "bench_answers_day_0012"
	// firstRow is the number of the first row. The rows that derive from earlier ones need some before it.
	firstRow = 1_000_000_000
)

//go:embed queries/*.sql
var queryFiles embed.FS

// table is one of the tables that is asked about, in a database of its own.
type table struct {
	millions int
	options  storage.Options
	db       *storage.DB
	admin    driver.Conn
	from, to time.Time
}

// openTable opens the table of that size, which it makes unless an earlier run has.
func openTable(ctx context.Context, url string, millions int, end time.Time, progress io.Writer) (_ *table, err error) {
	o, err := storage.ParseURL(url)
	if err != nil {
		return nil, err
	}
	o.Database = fmt.Sprintf("answers_%dm", millions)
	t := &table{millions: millions, options: o}
	if t.db, err = storage.Open(ctx, o); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if err := t.db.Migrate(ctx, nil); err != nil {
		return nil, err
	}
	if _, _, err := t.db.SetRetention(ctx, storage.Retention{Successes: retainDays, Errors: retainDays}); err != nil {
		return nil, err
	}
	t.admin, err = clickhouse.Open(&clickhouse.Options{
		Addr:        o.Addr,
		Auth:        clickhouse.Auth{Database: o.Database, Username: o.User, Password: o.Password},
		ReadTimeout: time.Hour, // a day of 100 million rows takes its time
	})
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	if err := t.readEnd(ctx, end); err != nil {
		return nil, err
	}
	if err := t.fill(ctx, progress); err != nil {
		return nil, err
	}
	return t, t.materialize(ctx)
}

// materialize gives days that were made before migrations 0010 and 0013 their projections, as an upgrade does.
func (t *table) materialize(ctx context.Context) error {
	for _, name := range []string{"hours", "days"} {
		var lacking uint64
		err := t.admin.QueryRow(ctx, `
			SELECT countIf(NOT has(projections, $1)) FROM system.parts
			WHERE database = currentDatabase() AND table = 'responses' AND active`, name).Scan(&lacking)
		if err != nil {
			return fmt.Errorf("parts without the projection %s: %w", name, err)
		}
		if lacking == 0 {
			continue
		}
		if err := t.admin.Exec(ctx, "ALTER TABLE responses MATERIALIZE PROJECTION "+name+" SETTINGS mutations_sync = 1"); err != nil {
			return fmt.Errorf("materialize %s: %w", name, err)
		}
	}
	return nil
}

func (t *table) close() {
	if t.admin != nil {
		_ = t.admin.Close() //nolint:errcheck // nothing is written any more
	}
	_ = t.db.Close() //nolint:errcheck // nothing is written any more
}

func (t *table) url() string {
	o := t.options
	return fmt.Sprintf("clickhouse://%s:%s@%s/%s", o.User, o.Password, o.Addr[0], o.Database)
}

// readEnd remembers the end of the 30 days when a table is made, and reads it again later.
func (t *table) readEnd(ctx context.Context, end time.Time) error {
	err := t.admin.Exec(ctx, `
		INSERT INTO meta (key, value) SELECT 'bench_answers_end', $1 WHERE (SELECT count() FROM meta WHERE key = 'bench_answers_end') = 0`,
		end.Format(time.RFC3339))
	if err != nil {
		return fmt.Errorf("note the end: %w", err)
	}
	var text string
	if err := t.admin.QueryRow(ctx, "SELECT any(value) FROM meta WHERE key = 'bench_answers_end'").Scan(&text); err != nil {
		return fmt.Errorf("read the end: %w", err)
	}
	if t.to, err = time.Parse(time.RFC3339, text); err != nil {
		return err
	}
	t.from = t.to.AddDate(0, 0, -days)
	return nil
}

// fill adds the days that are missing, each in one go: a day that was begun and not ended is made anew.
func (t *table) fill(ctx context.Context, progress io.Writer) error {
	for number := range days {
		done, err := t.isMade(ctx, number)
		if err != nil {
			return err
		}
		if done {
			continue
		}
		began := time.Now()
		if err := t.makeDay(ctx, number); err != nil {
			return fmt.Errorf("day %d: %w", number, err)
		}
		if _, err := fmt.Fprintf(progress, "%d million rows: day %d of %d made in %.0f s\n", t.millions, number+1, days, time.Since(began).Seconds()); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) isMade(ctx context.Context, number int) (bool, error) {
	var n uint64
	err := t.admin.QueryRow(ctx, "SELECT count() FROM meta WHERE key = $1 AND value = $2", madeKey, fmt.Sprint(number)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("which days are made: %w", err)
	}
	return n > 0, nil
}

// rowsPerDay is what a day of ordinary traffic has. The rows of two seconds are in steps of ten, the partitions.
func (t *table) rowsPerDay() int { return t.millions * 1_000_000 / days }

// events is how many storms, windows and spikes a day has, beside its traffic: more, where there is more of it.
func (t *table) events() map[string]int {
	if t.millions >= 100 {
		return map[string]int{"storms": 12, "windows": 12, "spikes": 4}
	}
	return map[string]int{"storms": 3, "windows": 3, "spikes": 1}
}

func (t *table) makeDay(ctx context.Context, number int) error {
	from := t.from.AddDate(0, 0, number)
	date := from.Format(time.DateOnly)
	if err := t.admin.Exec(ctx, fmt.Sprintf("ALTER TABLE responses DROP PARTITION '%s'", date)); err != nil {
		return fmt.Errorf("begin anew: %w", err)
	}
	rows := t.rowsPerDay()
	later := max(rows/(24*60*60)*2/10, 1) * 10
	first := firstRow + number*rows
	err := t.insert(ctx, "source_traffic", from, map[string]any{"first": first, "rows": rows, "later": later})
	if err != nil {
		return err
	}
	for kind, events := range t.events() {
		// Numbers of their own: far behind those of the traffic.
		first := map[string]int{"storms": 2, "windows": 3, "spikes": 4}[kind]*firstRow*10 + number*100_000
		if err := t.insert(ctx, "source_"+kind, from, map[string]any{"first": first, "events": events}); err != nil {
			return err
		}
	}
	if err := t.admin.Exec(ctx, fmt.Sprintf("OPTIMIZE TABLE responses PARTITION '%s' FINAL", date)); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	return t.admin.Exec(ctx, "INSERT INTO meta (key, value) VALUES ($1, $2)", madeKey, fmt.Sprint(number))
}

func (t *table) insert(ctx context.Context, source string, from time.Time, parameters map[string]any) error {
	text, err := queryFiles.ReadFile("queries/insert.sql")
	if err != nil {
		return err
	}
	rows, err := queryFiles.ReadFile("queries/" + source + ".sql")
	if err != nil {
		return err
	}
	statement := strings.Replace(string(text), "-- source\n", string(rows), 1)
	args := []any{clickhouse.Named("day", from.Format(time.DateOnly)), clickhouse.Named("day_ms", fmt.Sprint(from.UnixMilli()))}
	for name, value := range parameters {
		args = append(args, clickhouse.Named(name, fmt.Sprint(value)))
	}
	if err := t.admin.Exec(ctx, statement, args...); err != nil {
		return fmt.Errorf("insert %s: %w", source, err)
	}
	return nil
}

var errNoAnswer = errors.New("no answer")
