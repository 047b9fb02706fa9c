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
	DB      *storage.DB
	Options storage.Options // how to reach it again, for writers of their own connection
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
	if c.URL != "" {
		return openRemote(ctx, c)
	}
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: DataDir(c), Progress: engineProgress(w)})
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
		if certs.any() || o.TLS != nil {
			o.TLS = tls
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
	return &Store{DB: db, Options: options}, nil
}
