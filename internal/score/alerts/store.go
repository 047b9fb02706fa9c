package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

const blockRows = 100_000

// store is a database of its own on the engine.
type store struct {
	db     *storage.DB
	writer *storage.Writer
	block  *storage.Block
	offset int64
}

func newStore(ctx context.Context, url, name string) (*store, error) {
	o, err := storage.ParseURL(url)
	if err != nil {
		return nil, err
	}
	o.Database += "_" + name // beside the test's own database, and left over like it
	db, err := storage.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, nil); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return &store{db: db, writer: storage.NewWriter(o), block: storage.NewBlock()}, nil
}

func (s *store) insert(ctx context.Context, rows []response) error {
	var row parsers.Row
	for len(rows) > 0 {
		n := min(len(rows), blockRows)
		s.block.Reset()
		for i := range rows[:n] {
			rows[i].fill(&row, s.offset)
			s.block.Append(&row)
			s.offset++
		}
		now := time.Now()
		grant := storage.Grant{ID: rand.Text(), Date: now.UTC(), Deadline: now.Add(time.Minute).Truncate(time.Second)}
		if err := s.writer.Insert(ctx, s.block, grant); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (s *store) close() error { return errors.Join(s.writer.Close(), s.db.Close()) }
