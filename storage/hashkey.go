package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"
)

const (
	hashKeyName = "hash_key"
	// settleTime is how old a hash key must be before it is used. Two first writers may both find no
	// key and both write one; the one with the older server time holds, even where its row becomes
	// visible last. An INSERT of one row takes a few milliseconds.
	settleTime = 250 * time.Millisecond
)

// HashKey returns the key of the operation hash, which all ingesters of a database share. The error is
// ErrNotMigrated when there is none yet.
func (db *DB) HashKey(ctx context.Context) ([32]byte, error) {
	for {
		key, age, err := db.readHashKey(ctx)
		if err != nil {
			return [32]byte{}, fmt.Errorf("hash key: %w", err)
		}
		if key == nil {
			text := fmt.Sprintf("database %q at %s has no hash key: run ingest migrate", db.options.database(), db.options.addresses())
			return [32]byte{}, &serverError{kind: ErrNotMigrated, text: text}
		}
		if age >= settleTime {
			return [32]byte(key), nil
		}
		if err := wait(ctx, settleTime-max(age, 0)); err != nil {
			return [32]byte{}, err
		}
	}
}

// readHashKey returns the key that holds, or nil, and how long ago it was written.
func (db *DB) readHashKey(ctx context.Context) (key []byte, age time.Duration, err error) {
	var text string
	var ageUS int64
	err = db.conn.QueryRow(ctx, `
		SELECT argMin(value, (created_at, value)), dateDiff('microsecond', min(created_at), now64(6, 'UTC'))
		FROM meta WHERE key = '`+hashKeyName+`'`).Scan(&text, &ageUS)
	if err != nil || text == "" {
		return nil, 0, db.conn.explain(ctx, err)
	}
	key, err = hex.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, 0, fmt.Errorf("meta.%s: want 64 hex digits, have %d characters", hashKeyName, len(text))
	}
	return key, time.Duration(ageUS) * time.Microsecond, nil
}

// writeHashKey writes a key where there is none.
func (db *DB) writeHashKey(ctx context.Context, step func(string)) error {
	old, _, err := db.readHashKey(ctx)
	if err != nil || old != nil {
		return err
	}
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return fmt.Errorf("random: %w", err)
	}
	step("write the hash key")
	return db.writeMeta(ctx, hashKeyName, hex.EncodeToString(key[:]))
}

// wait returns after d, or with the context's error.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
