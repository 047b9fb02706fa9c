package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/storage"
)

func wanted(r config.Retention) storage.Retention {
	return storage.Retention{Successes: uint32(r.Successes), Errors: uint32(r.Errors)}
}

// applyRetention changes how long the table keeps rows, where the settings say so, and returns what holds
// now and whether that is new.
func applyRetention(ctx context.Context, db *storage.DB, r config.Retention) (now storage.Retention, changed bool, err error) {
	now, changed, err = db.SetRetention(ctx, wanted(r))
	var usage *storage.UsageError
	if errors.As(err, &usage) {
		err = cli.Usagef("--%w", err)
	}
	return now, changed, err
}

// warnOfRetention says that a server of somebody else's keeps rows for another time than the settings say:
// only ingest migrate changes it.
func warnOfRetention(ctx context.Context, db *storage.DB, r config.Retention, log zerolog.Logger) error {
	want := wanted(r)
	if want == (storage.Retention{}) {
		return nil
	}
	have, err := db.Retention(ctx)
	if err != nil {
		return err
	}
	if want.Successes != 0 && want.Successes != have.Successes || want.Errors != 0 && want.Errors != have.Errors {
		log.Warn().Stringer("table", have).Str("settings", given(r)).
			Msg("the table keeps rows for another time than the settings say; ingest migrate with these settings changes it")
	}
	return nil
}

// given names what the settings say.
func given(r config.Retention) string {
	var parts []string
	if r.Successes > 0 {
		parts = append(parts, fmt.Sprintf("successes %dd", r.Successes))
	}
	if r.Errors > 0 {
		parts = append(parts, fmt.Sprintf("errors %dd", r.Errors))
	}
	return strings.Join(parts, ", ")
}

// diskInterval is how often the size of the table is looked at. At 100 MB/s, which no ingester reaches, a
// minute is 6 GB.
const diskInterval = time.Minute

// watchDisk keeps the table below limit bytes until ctx is done: it looks at once, and then every interval.
func watchDisk(ctx context.Context, db *storage.DB, limit int64, log zerolog.Logger) {
	tick := time.NewTicker(diskInterval)
	defer tick.Stop()
	for {
		dropOldest(ctx, db, limit, log)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func dropOldest(ctx context.Context, db *storage.DB, limit int64, log zerolog.Logger) {
	dropped, left, err := db.DropOldest(ctx, uint64(limit))
	for _, d := range dropped {
		log.Warn().Stringer("day", d.Date).Uint64("rows", d.Rows).Uint64("bytes", d.Bytes).Str("limit", config.FormatSize(limit)).
			Msg("dropped the oldest day of responses: --max-disk")
	}
	switch {
	case err != nil && ctx.Err() == nil:
		log.Error().Err(err).Msg("cannot keep responses below --max-disk")
	case err == nil && left > uint64(limit):
		log.Error().Uint64("bytes", left).Str("limit", config.FormatSize(limit)).
			Msg("responses take more than --max-disk, and only today and yesterday are left, which are never dropped")
	}
}
