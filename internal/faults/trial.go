package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// trial is one run of one fault: servers of its own (but the real Kafka), ingesters, a producer, and what is
// known about them.
type trial struct {
	fault fault
	seed  uint64
	rng   *rand.Rand
	short bool
	dir   string
	line  *timeline

	binary string // bin/ingest under test
	other  string // the build before it
	env    []string
	flags  []string // further ones of the ingesters from their next start on

	engine     *engine
	wire       *proxy // between the ingesters and ClickHouse
	clickhouse string // URL through the wire
	broker     *broker
	cluster    *cluster // shared with other trials
	kafka      *kafka
	producer   *producer

	topic, group, source string
	halted               bool // the fault leaves the group behind for good: no lag to wait for

	mu        sync.Mutex
	ingesters []*ingester // by member; nil = never started

	figures figures
}

// figures are what a trial measures.
type figures struct {
	rounds  int           // how often the fault struck
	records int           // in the log
	excused int           // records without a row for which a gap was recorded
	gaps    int           // rows of the table of gaps
	healed  time.Duration // from the end of the fault until all was delivered and committed
	memory  uint64        // largest resident set of an ingester, bytes
	took    time.Duration
}

// healLimit is what an ingester gets to catch up once everything is mended.
const healLimit = time.Minute + grantTTL

// run does the whole trial. The error says what is wrong with the ingester, or why the trial could not be made.
func (t *trial) run(ctx context.Context) (err error) {
	defer func() {
		t.figures.took = t.line.elapsed()
		err = errors.Join(err, t.close())
	}()
	if err := t.open(ctx); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	watching, stop := context.WithCancel(ctx)
	watch := t.watchMemory(watching)
	err = t.play(ctx)
	stop()
	<-watch.done
	t.figures.memory = watch.largest.Load()
	if err != nil {
		return errors.Join(err, t.judgeUnfinished(ctx))
	}
	return errors.Join(t.judge(ctx), t.judgeMemory(), t.judgeLogs())
}

// play lets the fault happen and brings everything to its end.
func (t *trial) play(ctx context.Context) error {
	for n := range t.fault.members {
		if err := t.launchIngester(n); err != nil {
			return err
		}
	}
	if err := t.progress(ctx, healLimit); err != nil {
		return fmt.Errorf("before the fault: %w", err)
	}
	t.line.note("the fault begins")
	if err := t.fault.inject(ctx, t); err != nil {
		return fmt.Errorf("during the fault: %w", err)
	}
	t.line.note("the fault has been mended")
	if err := t.heal(ctx); err != nil {
		return err
	}
	return t.endAll()
}

// heal waits until everything that was produced is delivered and committed.
func (t *trial) heal(ctx context.Context) error {
	mended := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 2*healLimit)
	defer cancel()
	if err := t.producer.halt(ctx); err != nil {
		return err
	}
	if t.halted {
		return nil
	}
	if err := t.caughtUp(ctx, healLimit); err != nil {
		return fmt.Errorf("after the fault: %w", err)
	}
	t.figures.healed = time.Since(mended)
	t.line.note("all delivered and committed")
	return nil
}

// caughtUp waits until the group has committed the end of every partition.
func (t *trial) caughtUp(ctx context.Context, limit time.Duration) error {
	return eventually(ctx, limit, "lag 0", func(ctx context.Context) (bool, error) {
		if err := t.unasked(); err != nil {
			return false, err
		}
		ends, err := t.kafka.ends(ctx, t.topic)
		if err != nil {
			return false, err
		}
		commits, err := t.kafka.commits(ctx, t.group, t.topic)
		if err != nil {
			return false, err
		}
		for partition, end := range ends {
			if c, ok := commits[partition]; end > 0 && (!ok || c.offset != end) {
				return false, fmt.Errorf("partition %d: committed %d of %d", partition, c.offset, end)
			}
		}
		return true, nil
	})
}

// progress waits until more rows are in the table than just now.
func (t *trial) progress(ctx context.Context, limit time.Duration) error {
	before, known := uint64(0), false
	return eventually(ctx, limit, "progress", func(ctx context.Context) (bool, error) {
		if err := t.unasked(); err != nil {
			return false, err
		}
		n, err := t.engine.count(ctx)
		if err != nil {
			return false, err
		}
		if !known {
			before, known = n, true
		}
		return n > before, nil
	})
}

// rounds is how often a fault strikes in this form.
func (t *trial) rounds(short, long int) int {
	if t.short {
		return short
	}
	return long
}

// between draws a duration.
func (t *trial) between(least, most time.Duration) time.Duration {
	return least + time.Duration(t.rng.Int64N(int64(most-least)))
}

// strike counts a round of the fault.
func (t *trial) strike() { t.figures.rounds++ }

// restart ends all ingesters and starts them with further flags.
func (t *trial) restart(ctx context.Context, flags ...string) error {
	if err := t.endAll(); err != nil {
		return err
	}
	t.flags = flags
	return t.launchAll(ctx)
}

// launchAll starts every member of the trial.
func (t *trial) launchAll(ctx context.Context) error {
	for n := range t.fault.members {
		if err := errors.Join(ctx.Err(), t.launchIngester(n)); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) open(ctx context.Context) (err error) {
	t.group, t.source = "errata-"+t.topic, "faults"
	if t.engine, err = openEngine(ctx, t.line, t.dir); err != nil {
		return err
	}
	if t.wire, err = startProxy(t.engine.server.Addr()); err != nil {
		return err
	}
	if t.clickhouse, err = t.engine.throughURL(t.wire.addr()); err != nil {
		return err
	}
	if err := t.migrate(ctx); err != nil {
		return err
	}
	if err := t.openKafka(ctx); err != nil {
		return err
	}
	if err := t.kafka.createTopic(ctx, t.topic, t.fault.partitions); err != nil {
		return err
	}
	t.producer, err = startProducer(ctx, t)
	return err
}

func (t *trial) openKafka(ctx context.Context) (err error) {
	if t.cluster != nil {
		t.kafka, err = openKafka(t.cluster.addrs())
		return err
	}
	if t.broker, err = startBroker(ctx, t.line, t.dir); err != nil {
		return err
	}
	if t.kafka, err = openKafka([]string{t.broker.addr()}); err != nil {
		return err
	}
	return t.kafka.up(ctx, time.Minute)
}

func (t *trial) migrate(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, t.binary, "migrate", "--clickhouse", t.engine.url)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, out)
	}
	return nil
}

// close ends everything of the trial's.
func (t *trial) close() error {
	var faults []error
	if t.producer != nil {
		t.producer.close()
	}
	for _, in := range t.running() {
		in.kill()
	}
	if t.kafka != nil {
		t.kafka.close()
	}
	if t.broker != nil {
		t.broker.close()
	}
	if t.wire != nil {
		faults = append(faults, t.wire.close())
	}
	if t.engine != nil {
		faults = append(faults, t.engine.close())
	}
	return errors.Join(append(faults, t.line.close())...)
}

// logs are the files that the ingesters have written to.
func (t *trial) logs() ([]string, error) {
	names, err := filepath.Glob(filepath.Join(t.dir, "ingester-*.log"))
	if err != nil {
		return nil, fmt.Errorf("logs: %w", err)
	}
	return names, nil
}

func newTrial(f fault, seed uint64, dir string) (*trial, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("directory of %s: %w", f, err)
	}
	line, err := newTimeline(dir)
	if err != nil {
		return nil, err
	}
	line.note("%s, seed %d: %s", f, seed, f.what)
	return &trial{fault: f.withDefaults(), seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), dir: dir, line: line}, nil
}
