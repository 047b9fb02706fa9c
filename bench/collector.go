package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"text/template"
	"time"
)

// collectorSource is where the collector's own module lies, seen from the root of a checkout.
const collectorSource = "bench/peers/collector"

// collector is an OpenTelemetry Collector that carries a topic into a table.
type collector struct {
	Database, Broker, Topic, Group, Address, User, Password string // names that bench has made

	dir   string // program and configuration
	table *database
}

// measureCollector has an OpenTelemetry Collector read a topic.
func measureCollector(ctx context.Context, b *bench, s stream, note record) (err error) {
	dir, err := b.builtCollector(ctx)
	if err != nil {
		return err
	}
	table := b.engine.newDatabase()
	if err := table.exec(ctx, "CREATE DATABASE "+table.name); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.leave(ctx)) }()
	c := &collector{
		Database: table.name, Broker: b.broker.addr, Topic: s.name, Group: b.broker.nextGroup(),
		Address: table.options.Addr[0], User: table.options.User, Password: table.options.Password,
		dir: dir, table: table,
	}
	if err := c.createTables(ctx); err != nil {
		return err
	}
	way, err := b.watchWay(table, b.recordsOf(s))
	if err != nil {
		return err
	}
	if err := c.carry(ctx, way, note); err != nil {
		return err
	}
	if err := way.merge(ctx, note); err != nil {
		return err
	}
	return b.checkPeer(ctx, table, s, note)
}

// builtCollector builds the collector once, which takes minutes where none of its modules is there yet.
func (b *bench) builtCollector(ctx context.Context) (dir string, err error) {
	if b.collectorDir != "" {
		return b.collectorDir, nil
	}
	if dir, err = os.MkdirTemp("", "errata-bench-collector-"); err != nil {
		return "", fmt.Errorf("build the collector: %w", err)
	}
	b.log.Info().Msg("building the OpenTelemetry Collector, some minutes")
	build := exec.CommandContext(ctx, "go", "build", "-C", collectorSource, "-o", filepath.Join(dir, "collector"), ".")
	if output, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build the collector, in the root of a checkout: %w\n%s", err, output), os.RemoveAll(dir))
	}
	b.collectorDir = dir
	return dir, nil
}

// createTables makes a table that hands what it is given to the view of the Kafka engine.
func (c *collector) createTables(ctx context.Context) error {
	queue, err := c.fill("queue.sql")
	if err != nil {
		return err
	}
	if err := c.table.exec(ctx, queue); err != nil {
		return err
	}
	sameTable := &kafkaEngine{Database: c.Database, table: c.table}
	return sameTable.exec(ctx, "target.sql", "view.sql")
}

// fill returns a file of the collector with the names in place.
func (c *collector) fill(name string) (string, error) {
	t, err := template.ParseFiles(filepath.Join(collectorSource, name))
	if err != nil {
		return "", fmt.Errorf("collector: %w", err)
	}
	var filled bytes.Buffer
	if err := t.Execute(&filled, c); err != nil {
		return "", fmt.Errorf("collector: %w", err)
	}
	return filled.String(), nil
}

// carry runs the collector until every record is a row.
func (c *collector) carry(ctx context.Context, w *way, note record) (err error) {
	process, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.end()) }()
	memory, start := watchMemory(process.pid()), time.Now()
	if err := c.arrived(process.lives, w.records); err != nil {
		return err
	}
	w.took = time.Since(start)
	if w.client, err = processCPU(process.pid()); err != nil {
		return err
	}
	peak, err := memory.end()
	if err != nil {
		return err
	}
	note("collector", unitMicroseconds, perRecord(w.client, w.records))
	note("memory of the collector, peak", unitMebibytes, float64(peak)/(1<<20))
	return errors.Join(w.consumed(), w.finish(note))
}

// arrived waits until so many rows are there: offsets are committed when records are queued, before they are written.
func (c *collector) arrived(ctx context.Context, records int) error {
	ctx, cancel := context.WithTimeout(ctx, kafkaEnginePatience)
	defer cancel()
	for {
		rows, _, err := c.table.stored(ctx)
		if err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if rows >= uint64(records) {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the collector has written %d of %d records: %w", rows, records, err)
		}
	}
}

func (c *collector) start(ctx context.Context) (*collectorProcess, error) {
	config, err := c.fill("config.yaml")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(c.dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.dir, "collector"), "--config", file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the collector: %w", err)
	}
	p := &collectorProcess{cmd: cmd, ended: make(chan error, 1)}
	var died context.CancelCauseFunc
	p.lives, died = context.WithCancelCause(ctx)
	go func() {
		p.ended <- cmd.Wait()
		died(errors.New("the collector has ended"))
	}()
	return p, nil
}

// collectorProcess is a collector that runs.
type collectorProcess struct {
	cmd   *exec.Cmd
	lives context.Context // until the process has ended
	ended chan error
}

func (p *collectorProcess) pid() int { return p.cmd.Process.Pid }

// end asks the process to end and waits until it has.
func (p *collectorProcess) end() error {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil // how it ended says more
	}
	if err := errors.Join(err, <-p.ended); err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	return nil
}
