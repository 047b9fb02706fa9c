package main

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	return errors.Join(insert(ctx, w, registry, arrival(log)), w.Close())
}

// arrival is the order in which the records came: services log their calls some seconds apart.
func arrival(log *traffic.Log) []*traffic.Call {
	r := rand.New(rand.NewPCG(log.Seed, 1))
	late := make(map[*traffic.Call]int64, len(log.Calls))
	for _, c := range log.Calls {
		late[c] = c.At + r.Int64N(5000)
	}
	calls := slices.Clone(log.Calls)
	slices.SortStableFunc(calls, func(a, b *traffic.Call) int { return cmp.Compare(late[a], late[b]) })
	return calls
}

func insert(ctx context.Context, w *storage.Writer, registry *parsers.Registry, calls []*traffic.Call) error {
	var row parsers.Row
	var buf []byte
	offsets := map[string]int64{}
	for from := 0; from < len(calls); from += blockRows {
		b := storage.NewBlock()
		for _, c := range calls[from:min(from+blockRows, len(calls))] {
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
	now := time.Now()
	return storage.Grant{ID: crand.Text(), Date: now.UTC(), Deadline: now.Add(time.Minute).Truncate(time.Second)}
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
