package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The statements of ClickHouse's own way from Kafka into a table. Why they are as they are: docs/benchmarks.md.
//
//go:embed peers/clickhouse/*.sql
var kafkaEngineFiles embed.FS

var kafkaEngineStatements = template.Must(template.ParseFS(kafkaEngineFiles, "peers/clickhouse/*.sql"))

// kafkaEngine is a topic being read by ClickHouse's Kafka table engine.
type kafkaEngine struct {
	Database, Broker, Topic, Group string // names that bench has made

	table *database
}

// measureKafkaEngine has ClickHouse read a topic by itself.
func measureKafkaEngine(ctx context.Context, b *bench, s stream, note record) (err error) {
	table := b.engine.newDatabase()
	if err := table.exec(ctx, "CREATE DATABASE "+table.name); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.leave(ctx)) }()
	e := &kafkaEngine{Database: table.name, Broker: b.broker.addr, Topic: s.name, Group: b.broker.nextGroup(), table: table}
	if err := e.exec(ctx, "target.sql", "queue.sql"); err != nil {
		return err
	}
	way, err := b.watchWay(table, b.recordsOf(s))
	if err != nil {
		return err
	}
	if way.took, err = e.read(ctx, int64(way.records)); err != nil {
		return err
	}
	if err := errors.Join(way.consumed(), way.finish(note)); err != nil {
		return err
	}
	// The reader stays until the end: it idles at some 5 ms a second, while leaving the group takes half a second and more.
	if err := way.merge(ctx, note); err != nil {
		return err
	}
	return b.checkPeer(ctx, table, s, note)
}

// checkPeer compares the peer's table with errata's of the same run.
func (b *bench) checkPeer(ctx context.Context, table *database, s stream, note record) error {
	found, err := table.contents(ctx)
	if err != nil {
		return err
	}
	found.note(note)
	if own, ok := b.contents[s.name]; ok {
		return found.sameRecords(own)
	}
	return nil
}

func (e *kafkaEngine) exec(ctx context.Context, files ...string) error {
	for _, file := range files {
		var statement strings.Builder
		if err := kafkaEngineStatements.ExecuteTemplate(&statement, file, e); err != nil {
			return fmt.Errorf("statement %s: %w", file, err)
		}
		if err := e.table.exec(ctx, statement.String()); err != nil {
			return err
		}
	}
	return nil
}

// read starts reading and waits until all records are committed. It asks the broker, which costs ClickHouse nothing.
func (e *kafkaEngine) read(ctx context.Context, records int64) (time.Duration, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(e.Broker))
	if err != nil {
		return 0, fmt.Errorf("watch the Kafka engine: %w", err)
	}
	defer client.Close()
	watch := groupWatch{admin: kadm.NewClient(client), group: e.Group}
	if err := e.exec(ctx, "view.sql"); err != nil {
		return 0, err
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, kafkaEnginePatience)
	defer cancel()
	return watch.until(ctx, start, records)
}

// kafkaEnginePatience is how long a peer may take for a topic.
const kafkaEnginePatience = 10 * time.Minute

// groupWatch follows a consumer group's commits.
type groupWatch struct {
	admin *kadm.Client
	group string
}

// until returns how long after start so many records were committed.
func (w groupWatch) until(ctx context.Context, start time.Time, records int64) (time.Duration, error) {
	for {
		committed, err := w.committed(ctx)
		if err != nil {
			return 0, err
		}
		if committed >= records {
			return time.Since(start), nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return 0, fmt.Errorf("group %s has committed %d of %d records: %w", w.group, committed, records, err)
		}
	}
}

// committed is how many records the group has committed, where every offset is a record.
func (w groupWatch) committed(ctx context.Context) (sum int64, err error) {
	offsets, err := w.offsets(ctx)
	offsets.Each(func(o kadm.OffsetResponse) { sum += max(0, o.At) })
	return sum, err
}

// offsets are none as long as there is no such group.
func (w groupWatch) offsets(ctx context.Context) (kadm.OffsetResponses, error) {
	offsets, err := w.admin.FetchOffsets(ctx, w.group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return nil, fmt.Errorf("offsets of group %s: %w", w.group, err)
	}
	return offsets, nil
}
