package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/storage"
)

// station is what run, load and demo have in common: an open ClickHouse with the schema in place, a Kafka to
// read from, and an ingester between them that has not been started.
type station struct {
	store    *cli.Store
	shards   *storage.Shards  // nil when there is one server
	writer   *storage.Writer  // nil when there are several
	broker   *embedded.Broker // nil when the cluster is somebody else's
	dropper  *dropper         // nil likewise
	options  pipeline.Options
	ingester *pipeline.Ingester
	metrics  *prometheus.Registry
	log      zerolog.Logger
	unkeep   func() // ends what looks after ClickHouse; nil = not begun
}

// openStation opens all parts. onCommit, if not nil, is told of every committed offset.
func openStation(ctx context.Context, s settings, stderr io.Writer, onCommit func(string, int32, int64)) (_ *station, err error) {
	st := &station{metrics: prometheus.NewRegistry()}
	debug.SetMemoryLimit(s.ingest.Memory / 10 * 8) // of Go's memory; the program itself takes another tenth
	defer func() {
		if err != nil {
			err = errors.Join(err, st.close())
		}
	}()
	if st.log, err = cli.Logger(stderr, s.log); err != nil {
		return nil, err
	}
	if st.options, err = s.options(); err != nil {
		return nil, err
	}
	if err = st.openStore(ctx, s, stderr); err != nil {
		return nil, err
	}
	if err = st.openBroker(ctx, s); err != nil {
		return nil, err
	}
	st.options.OnCommit = st.committed(onCommit)
	return st, st.assemble(ctx, s)
}

func (st *station) openStore(ctx context.Context, s settings, stderr io.Writer) error {
	store, err := cli.OpenStore(ctx, s.clickhouse, cli.Write, stderr)
	if err != nil {
		return err
	}
	st.store = store
	if err := st.prepareTables(ctx, s); err != nil {
		return err
	}
	st.keep(s.retention.MaxDisk)
	return nil
}

// prepareTables migrates the embedded engine, which is ours; any other must have been prepared.
func (st *station) prepareTables(ctx context.Context, s settings) error {
	if st.store.Cluster != nil {
		var err error
		if st.shards, err = st.store.Cluster.OpenShards(ctx); err != nil {
			return err
		}
		return warnOfRetention(ctx, st.store.Local, s.retention, st.log)
	}
	if !st.store.Embedded() {
		if err := st.store.Check(ctx); err != nil {
			return err
		}
		return warnOfRetention(ctx, st.store.DB, s.retention, st.log)
	}
	if err := st.store.DB.Migrate(ctx, nil); err != nil {
		return err
	}
	keeps, changed, err := applyRetention(ctx, st.store.DB, s.retention)
	if changed {
		st.log.Info().Stringer("retention", keeps).Msg("changed how long rows are kept")
	}
	return err
}

// keep looks after the embedded engine, and after the size of the table if that is bounded, until the
// station is closed.
func (st *station) keep(maxDisk int64) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { st.store.Keep(ctx, st.log) })
	if maxDisk > 0 {
		for _, db := range st.tables() {
			running.Go(func() { watchDisk(ctx, db, maxDisk, st.log) })
		}
	}
	st.unkeep = func() {
		cancel()
		running.Wait()
	}
}

// tables are the servers with tables of responses.
func (st *station) tables() []*storage.DB {
	if st.shards == nil {
		return []*storage.DB{st.store.DB}
	}
	var list []*storage.DB
	for _, shard := range st.shards.List {
		list = append(list, shard.DB)
	}
	return list
}

// openBroker starts the embedded broker unless the settings name another.
func (st *station) openBroker(ctx context.Context, s settings) error {
	if len(st.options.Brokers) > 0 {
		return nil
	}
	topics := map[string]int32{}
	for _, topic := range s.kafka.Topics {
		topics[topic] = s.partitions
	}
	broker, err := embedded.StartBroker(ctx, embedded.BrokerOptions{Topics: topics, Addr: s.brokerListen})
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	st.broker, st.dropper = broker, newDropper(broker, st.log)
	st.options.Brokers = []string{broker.Addr()}
	return nil
}

func (st *station) committed(also func(string, int32, int64)) func(string, int32, int64) {
	return func(topic string, partition int32, offset int64) {
		if st.dropper != nil {
			st.dropper.drop(topic, partition, offset)
		}
		if also != nil {
			also(topic, partition, offset)
		}
	}
}

func (st *station) assemble(ctx context.Context, s settings) error {
	st.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if st.shards != nil {
		parser, err := s.registry(st.shards.HashKey)
		if err != nil {
			return err
		}
		st.ingester, err = sharded(st.options, parser, st.shards, st.log, st.metrics)
		return err
	}
	key, err := st.store.DB.HashKey(ctx)
	if err != nil {
		return err
	}
	parser, err := s.registry(key)
	if err != nil {
		return err
	}
	metrics, err := pipeline.NewMetrics(st.metrics)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	st.writer = storage.NewWriter(st.store.Options)
	st.options.Watermarks, st.options.Gaps = st.store.DB, st.store.DB
	st.ingester, err = pipeline.New(st.options, parser, st.writer, storage.Single{DB: st.store.DB}, st.log, metrics)
	if err != nil {
		return cli.Usagef("%w", err)
	}
	return nil
}

// sharded makes an ingester that delivers to the shards of a cluster. Each has its metrics, told apart by a label.
func sharded(o pipeline.Options, parser pipeline.Parser, shards *storage.Shards, log zerolog.Logger, reg prometheus.Registerer) (*pipeline.Ingester, error) {
	list := make([]pipeline.Shard, len(shards.List))
	for n, shard := range shards.List {
		metrics, err := pipeline.NewMetrics(prometheus.WrapRegistererWith(prometheus.Labels{"shard": strconv.Itoa(n + 1)}, reg))
		if err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
		list[n] = pipeline.Shard{Name: shard.Name(), Sink: shard, Back: shard, Gaps: shard, Watermarks: shard, Metrics: metrics}
	}
	i, err := pipeline.NewSharded(o, parser, list, shards.Placement.Shard, log)
	if err != nil {
		return nil, cli.Usagef("%w", err)
	}
	return i, nil
}

func (st *station) close() (err error) {
	var faults []error
	if st.writer != nil {
		faults = append(faults, st.writer.Close())
	}
	if st.shards != nil {
		defer func() { err = errors.Join(err, st.shards.Close()) }() // after what looks after their disks has ended
	}
	if st.dropper != nil {
		st.dropper.close()
	}
	if st.broker != nil {
		faults = append(faults, st.broker.Close())
	}
	if st.unkeep != nil {
		st.unkeep()
	}
	if st.store != nil {
		faults = append(faults, st.store.Close())
	}
	return errors.Join(faults...)
}
