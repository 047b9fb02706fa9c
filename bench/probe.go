package main

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	//go:embed soak.sql
	soakQuery string
	//go:embed soak_check.sql
	soakCheckQuery string
)

// probe looks at the processes and the table of a soak from time to time.
type probe struct {
	table   *database
	client  *kgo.Client
	watch   groupWatch
	pids    [3]int // ingester, ClickHouse, broker
	memory  *memoryWatch
	started time.Time

	at   time.Time // of the last look, and what was counted by then
	seen counts
}

// counts only ever grow.
type counts struct {
	cpu      [3]time.Duration
	produced int64
	consumed int64
	merged   uint64
}

// sample is what one look has shown, since the one before.
type sample struct {
	since    time.Duration // the start
	took     time.Duration
	cpu      [3]time.Duration
	produced int64
	consumed int64
	merged   uint64 // rows read by merges
	lag      int64
	memory   uint64
	tableState
}

// tableState is what soak.sql says.
type tableState struct {
	Rows    uint64 `ch:"rows"`
	Bytes   uint64 `ch:"bytes"`
	Parts   uint64 `ch:"parts"`
	Largest uint64 `ch:"largest"` // partition, its active parts
	Merges  uint64 `ch:"merges"`  // running
	Merged  uint64 `ch:"merged"`
}

func openProbe(e *engine, b *broker, ingester *child, table *database) (*probe, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.addr))
	if err != nil {
		return nil, fmt.Errorf("watch the soak: %w", err)
	}
	now := time.Now()
	p := &probe{
		table: table, client: client, watch: groupWatch{admin: kadm.NewClient(client), group: soakGroup},
		pids: [...]int{ingester.pid(), e.server.Pid(), b.pid()}, memory: watchMemory(ingester.pid()), started: now, at: now,
	}
	p.seen.cpu, err = p.cpu()
	return p, err
}

func (p *probe) close() { p.client.Close() }

func (p *probe) cpu() (used [3]time.Duration, err error) {
	for i, pid := range p.pids {
		if used[i], err = processCPU(pid); err != nil {
			return used, err
		}
	}
	return used, nil
}

func (p *probe) look(ctx context.Context) (found sample, err error) {
	var now counts
	if now.cpu, err = p.cpu(); err != nil {
		return found, err
	}
	if found.memory, err = p.memory.end(); err != nil {
		return found, err
	}
	p.memory = watchMemory(p.pids[0])
	if now.consumed, err = p.watch.committed(ctx); err != nil {
		return found, err
	}
	ends, err := p.watch.ends(ctx, soakTopic)
	if err != nil {
		return found, err
	}
	for _, end := range ends {
		now.produced += end
	}
	if found.tableState, err = p.table.state(ctx); err != nil {
		return found, err
	}
	now.merged = found.Merged
	p.difference(&found, now)
	return found, nil
}

// difference fills in what has happened since the last look.
func (p *probe) difference(found *sample, now counts) {
	at := time.Now()
	found.since, found.took = at.Sub(p.started), at.Sub(p.at)
	for i := range now.cpu {
		found.cpu[i] = now.cpu[i] - p.seen.cpu[i]
	}
	found.produced, found.consumed = now.produced-p.seen.produced, now.consumed-p.seen.consumed
	found.merged = now.merged - p.seen.merged
	found.lag = now.produced - now.consumed
	p.at, p.seen = at, now
}

const soakHeading = "| after | produced/s | consumed/s | lag | ingester µs | ClickHouse µs | broker µs | ingester MB | parts | in one partition | merges | merged rows/row | B/row |\n" +
	"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"

// line is the sample as a row of the table.
func (s sample) line() string {
	n := float64(s.consumed) // 0 makes all that is per record infinite, or no number
	seconds := max(s.took.Seconds(), 0.001)
	return fmt.Sprintf("| %v | %.0f | %.0f | %d | %.2f | %.2f | %.2f | %d | %d | %d | %d | %.2f | %.1f |\n",
		s.since.Round(time.Second), float64(s.produced)/seconds, float64(s.consumed)/seconds, s.lag,
		perRecord(s.cpu[0], n), perRecord(s.cpu[1], n), perRecord(s.cpu[2], n), s.memory/1e6,
		s.Parts, s.Largest, s.Merges, float64(s.merged)/n, float64(s.Bytes)/float64(s.Rows))
}

// ends are the offsets after the last records of the topic's partitions.
func (w groupWatch) ends(ctx context.Context, topic string) (map[int32]int64, error) {
	offsets, err := w.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("end of topic %s: %w", topic, err)
	}
	ends := map[int32]int64{}
	offsets.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	return ends, offsets.Error()
}

func (d *database) state(ctx context.Context) (s tableState, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"database": d.name}))
	if err := d.engine.admin.QueryRow(ctx, soakQuery).ScanStruct(&s); err != nil {
		return s, fmt.Errorf("state of %s: %w", d.name, err)
	}
	return s, nil
}

// compare says what is wrong with the rows of a partition that has so many records, or "".
func (d *database) compare(ctx context.Context, partition int32, records uint64) (wrong string, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"database": d.name, "partition": strconv.Itoa(int(partition)), "records": strconv.FormatUint(records, 10),
	}))
	var rows, mark, wanted uint64
	var last, total int64
	if err := d.engine.admin.QueryRow(ctx, soakCheckQuery).Scan(&rows, &last, &total, &mark, &wanted); err != nil {
		return "", fmt.Errorf("rows of partition %d: %w", partition, err)
	}
	n := int64(records)
	if rows != records || n > 0 && (last != n-1 || total != n*(n-1)/2 || mark != wanted) {
		return fmt.Sprintf("partition %d has %d records and %d rows up to offset %d: some are lost, or there twice", partition, n, rows, last), nil
	}
	return "", nil
}
