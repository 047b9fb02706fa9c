package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"
	"github.com/shirou/gopsutil/v4/process"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/storage"
)

const (
	// engineIdle is how soon the engine ends once bench has left it.
	engineIdle = 500 * time.Millisecond
	// engineEnd is how long bench waits for that before it removes the data.
	engineEnd = time.Minute
)

// engine is the embedded ClickHouse on a directory of its own, which goes when it is closed.
type engine struct {
	server    *embedded.Engine // nil until it is open
	dir       string
	options   storage.Options
	admin     driver.Conn
	databases int
}

func openEngine(ctx context.Context, log zerolog.Logger) (_ *engine, err error) {
	dir, err := os.MkdirTemp("", "errata-bench-")
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	e := &engine{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close(ctx))
		}
	}()
	e.server, err = embedded.OpenClickHouse(ctx, embedded.Options{
		DataDir: filepath.Join(dir, "clickhouse"), IdleTimeout: engineIdle, Progress: stages(log),
	})
	if err != nil {
		return nil, err
	}
	if e.options, err = storage.ParseURL(e.server.URL()); err != nil {
		return nil, err
	}
	e.admin, err = clickhouse.Open(&clickhouse.Options{
		Addr:        e.options.Addr,
		Auth:        clickhouse.Auth{Database: "system", Username: e.options.User, Password: e.options.Password},
		ReadTimeout: time.Hour, // merging may take its time
	})
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return e, nil
}

// stages tells what the engine's start is busy with; each stage once.
func stages(log zerolog.Logger) func(embedded.Progress) {
	var last embedded.Stage
	return func(p embedded.Progress) {
		if p.Stage != last {
			last = p.Stage
			log.Info().Str("stage", string(p.Stage)).Msg("ClickHouse")
		}
	}
}

// close leaves the engine, waits until it has ended and removes its data.
func (e *engine) close(ctx context.Context) error {
	var faults []error
	if e.admin != nil {
		faults = append(faults, e.admin.Close())
	}
	if e.server != nil {
		faults = append(faults, e.server.Close(), waitForEnd(context.WithoutCancel(ctx), e.server.Pid()))
	}
	return errors.Join(append(faults, os.RemoveAll(e.dir))...)
}

func waitForEnd(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, engineEnd)
	defer cancel()
	for {
		alive, err := process.PidExistsWithContext(ctx, int32(pid))
		if err != nil {
			return fmt.Errorf("wait for the engine's end: %w", err)
		}
		if !alive {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("wait for the engine's end: %w", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// database is a fresh database with a table named responses: errata's, or a peer's.
type database struct {
	engine  *engine
	name    string
	options storage.Options
}

func (e *engine) newDatabase() *database {
	e.databases++
	d := &database{engine: e, name: fmt.Sprintf("bench_%d", e.databases), options: e.options}
	d.options.Database = d.name
	return d
}

// freshDatabase has errata's tables.
func (e *engine) freshDatabase(ctx context.Context) (_ *database, err error) {
	d := e.newDatabase()
	db, err := storage.Open(ctx, d.options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return d, db.Migrate(ctx, nil)
}

// url is how another process reaches the database.
func (d *database) url() string {
	o := d.options
	return fmt.Sprintf("clickhouse://%s:%s@%s/%s", o.User, o.Password, o.Addr[0], d.name)
}

func (d *database) exec(ctx context.Context, statement string) error {
	if err := d.engine.admin.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// stopMerging leaves the merging to merge.
func (d *database) stopMerging(ctx context.Context) error {
	return d.exec(ctx, "ALTER TABLE "+d.name+".responses MODIFY SETTING max_bytes_to_merge_at_min_space_in_pool = 1, max_bytes_to_merge_at_max_space_in_pool = 1")
}

// merge merges every partition into one part, unless it is one, and waits for that.
func (d *database) merge(ctx context.Context) error {
	for {
		err := d.exec(ctx, "OPTIMIZE TABLE "+d.name+".responses FINAL SETTINGS optimize_skip_merged_partitions = 1")
		if err != nil {
			return err
		}
		var surplus int64
		err = d.engine.admin.QueryRow(ctx, `
			SELECT toInt64((SELECT count() - uniqExact(partition_id) FROM system.parts WHERE database = $1 AND table = 'responses' AND active)
				+ (SELECT count() FROM system.merges WHERE database = $1 AND table = 'responses'))`, d.name).Scan(&surplus)
		if err != nil {
			return fmt.Errorf("state of the merges: %w", err)
		}
		if surplus == 0 {
			return nil
		}
	}
}

// stored returns how many rows there are and the bytes that they take on disk, indexes included.
func (d *database) stored(ctx context.Context) (rows, bytes uint64, err error) {
	err = d.engine.admin.QueryRow(ctx, `
		SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE database = $1 AND table = 'responses' AND active`, d.name).Scan(&rows, &bytes)
	if err != nil {
		return 0, 0, fmt.Errorf("stored bytes: %w", err)
	}
	return rows, bytes, nil
}

// leave forgets the database and lets its files lie until the engine's directory goes. To delete them now would cost the next
// contender: for minutes Linux's ext4 walks past every inode that was deleted a moment ago whenever a file is made, which was a tenth of what
// ClickHouse took for an insert.
func (d *database) leave(ctx context.Context) error {
	return d.exec(ctx, "DETACH DATABASE "+d.name)
}

func (d *database) drop(ctx context.Context) error {
	return d.exec(ctx, "DROP DATABASE "+d.name+" SYNC")
}
