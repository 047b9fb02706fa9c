package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/errata-dev/errata/internal/score/traffic"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

const blockRows = 100_000

// load fills an empty database with a log, through the parsers, as an ingester would.
func load(ctx context.Context, o storage.Options, log *traffic.Log) error {
	registry, err := parsers.New(parsers.Options{})
	if err != nil {
		return err
	}
	w := storage.NewWriter(o)
	defer func() { _ = w.Close() }() // what it inserted is acknowledged
	var row parsers.Row
	var buf []byte
	offsets := map[string]int64{}
	for from := 0; from < len(log.Calls); from += blockRows {
		b := storage.NewBlock()
		for _, c := range log.Calls[from:min(from+blockRows, len(log.Calls))] {
			buf = c.Append(buf[:0])
			registry.Parse(&parsers.Record{Value: buf, Source: c.Source, Topic: "responses", Offset: offsets[c.Source]}, &row)
			b.Append(&row)
			offsets[c.Source]++
		}
		if err := w.Insert(ctx, b, grant()); err != nil {
			return err
		}
	}
	return nil
}

func grant() storage.Grant {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		panic(err) // never fails
	}
	now := time.Now()
	return storage.Grant{ID: hex.EncodeToString(id), Date: now.UTC(), Deadline: now.Add(time.Minute).Truncate(time.Second)}
}

// open makes an empty database on the engine and migrates it.
func open(ctx context.Context, url, name string) (*storage.DB, storage.Options, error) {
	o, err := storage.ParseURL(url)
	if err != nil {
		return nil, o, err
	}
	if name != "" {
		o.Database = name
	}
	db, err := storage.Open(ctx, o)
	if err != nil {
		return nil, o, err
	}
	if err := db.Migrate(ctx, nil); err != nil {
		return nil, o, fmt.Errorf("migrate: %w", err)
	}
	return db, o, nil
}
