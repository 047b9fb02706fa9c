package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"
	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/storage"
)

// Store is an open ClickHouse, remote or embedded.
type Store struct {
	DB      *storage.DB      // what answers: one server, or all shards of the cluster
	Options storage.Options  // how to reach it again, for writers of their own connection
	Cluster *storage.Cluster // nil = one server
	Local   *storage.DB      // the server that was named, with its own tables; the same as DB without a cluster
	Ledger  *storage.DB      // where is written down what belongs to no partition: the first shard; the same as DB without a cluster
	engine  *embedded.Engine
}

// Embedded tells whether the engine is our own: then its schema is ours to migrate.
func (s *Store) Embedded() bool { return s.engine != nil }

// keepInterval is how often the embedded engine is looked after.
const keepInterval = 2 * time.Second

// Keep starts the embedded engine anew when it has died, until ctx is done. A server of somebody else's is
// left to its own keepers.
func (s *Store) Keep(ctx context.Context, log zerolog.Logger) {
	if s.engine == nil {
		return
	}
	tick := time.NewTicker(keepInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.engine.Ensure(ctx); err != nil && ctx.Err() == nil {
				log.Warn().Err(err).Msg("the embedded ClickHouse does not start")
			}
		}
	}
}

// Close ends the connections and drops our share of the embedded engine.
func (s *Store) Close() error {
	err := s.DB.Close()
	if s.Cluster != nil {
		err = errors.Join(err, s.Local.Close(), s.Ledger.Close())
	}
	if s.engine != nil {
		err = errors.Join(err, s.engine.Close())
	}
	return err
}

// Access says what a command may do in ClickHouse.
type Access int

// The kinds of access. They differ on the embedded engine only; a remote server knows its users.
const (
	Read Access = iota
	Write
)

// OpenStore reaches the ClickHouse of the settings, starting the embedded one if there is no URL. The set-up
// of the embedded engine is shown on w.
func OpenStore(ctx context.Context, c config.ClickHouse, access Access, w io.Writer) (*Store, error) {
	switch {
	case c.URL != "" && c.Cluster != "":
		return openCluster(ctx, c, access)
	case c.URL != "":
		return openRemote(ctx, c)
	case c.Cluster != "":
		return nil, Usagef("--cluster: name one of its servers with --clickhouse; the embedded ClickHouse is in no cluster")
	}
	dir := DataDir(c)
	if access == Read && !embedded.HasData(dir) {
		return nil, fmt.Errorf("nothing is stored in %s yet: `ingest demo` and `ingest load FILE` store something; --data-dir names another directory, --clickhouse a server", dir)
	}
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: dir, Progress: engineProgress(w)})
	if err != nil {
		return nil, fmt.Errorf("embedded ClickHouse: %w", err)
	}
	url := engine.ReaderURL()
	if access == Write {
		url = engine.URL()
	}
	store, err := openURL(ctx, url, nil)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	store.engine = engine
	return store, nil
}

// DataDir is the directory of the embedded ClickHouse.
func DataDir(c config.ClickHouse) string {
	if c.DataDir != "" {
		return c.DataDir
	}
	return filepath.Join(xdg.DataHome, "errata")
}

func openRemote(ctx context.Context, c config.ClickHouse) (*Store, error) {
	password, err := config.Secret("clickhouse-password", c.PasswordFile, os.LookupEnv)
	if err != nil {
		return nil, Usagef("%w", err)
	}
	certs := certificates{ca: c.TLSCA, cert: c.TLSCert, key: c.TLSKey, serverName: c.TLSServerName}
	tls, err := certs.config("clickhouse-tls")
	if err != nil {
		return nil, err
	}
	return openURL(ctx, c.URL, func(o *storage.Options) {
		if c.User != "" {
			o.User = c.User
		}
		if password != "" {
			o.Password = password
		}
		switch {
		case o.TLS == nil && certs.any():
			o.TLS = tls
		case o.TLS != nil:
			certs.over(o.TLS, tls)
		}
	})
}

func openURL(ctx context.Context, url string, adjust func(*storage.Options)) (*Store, error) {
	options, err := storage.ParseURL(url)
	if err != nil {
		return nil, Usagef("--clickhouse: %w", err)
	}
	if adjust != nil {
		adjust(&options)
	}
	db, err := storage.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	return &Store{DB: db, Local: db, Ledger: db, Options: options}, nil
}

// openCluster asks the server that is named for the cluster, and opens the tables over all shards. Who writes makes
// sure of them later, if at all: they may be about to be made.
func openCluster(ctx context.Context, c config.ClickHouse, access Access) (_ *Store, err error) {
	s, err := openRemote(ctx, c)
	if err != nil {
		return nil, err
	}
	if s.Cluster, err = s.findCluster(ctx, c.Cluster); err != nil {
		return nil, errors.Join(err, s.Local.Close())
	}
	if access == Read {
		if err := s.Check(ctx); err != nil {
			return nil, errors.Join(err, s.Local.Close())
		}
	}
	if s.DB, err = storage.Open(ctx, s.Cluster.AllShards()); err != nil {
		return nil, errors.Join(err, s.Local.Close())
	}
	if s.Ledger, err = s.Cluster.First(); err != nil {
		return nil, errors.Join(err, s.Local.Close(), s.DB.Close())
	}
	return s, nil
}

func (s *Store) findCluster(ctx context.Context, name string) (*storage.Cluster, error) {
	cluster, err := s.Local.Cluster(ctx, name)
	var usage *storage.UsageError
	if errors.As(err, &usage) {
		return nil, Usagef("--%w", usage)
	}
	return cluster, err
}

// Check makes sure that the tables are those of this version, and that they are all there are: a shard of a cluster
// must not be taken for the whole.
func (s *Store) Check(ctx context.Context) error {
	if err := s.Local.CheckSchema(ctx); err != nil {
		return err
	}
	switch {
	case s.Cluster != nil:
		return s.Local.CheckAllShards(ctx, s.Cluster)
	case s.Embedded(): // in no cluster; who reads there may not see meta
		return nil
	default:
		return s.Local.CheckSingle(ctx)
	}
}
