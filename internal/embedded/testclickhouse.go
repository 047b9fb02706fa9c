package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	testDatabasePrefix = "test_"
	testDatabaseLife   = time.Hour       // after which one is left over from a test that was killed
	testIdleTimeout    = 5 * time.Second // bridges the gap between two packages of one `go test ./...`
	testOpenTimeout    = 10 * time.Minute
)

// TestClickHouse returns the URL of a fresh, empty database, dropped at the test's end. One engine, on a directory in the cache, serves
// all test binaries of a user and ends with the last of them; so a test that kills its engine opens one of its own on t.TempDir().
//
// The package's TestMain calls MaybeRunEngine first. Where no engine can be had the test is skipped with the reason, or fails if
// ERRATA_REQUIRE_SERVERS=1.
func TestClickHouse(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testOpenTimeout)
	defer cancel()
	engine, err := openTestEngine(ctx)
	if errors.Is(err, ErrUnavailable) && os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skipf("needs ClickHouse: %v", err)
	}
	if err != nil {
		t.Fatalf("test ClickHouse: %v", err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("test ClickHouse: %v", err)
		}
	})
	database, err := createTestDatabase(ctx, engine.address())
	if err != nil {
		t.Fatalf("test ClickHouse: %v", err)
	}
	t.Cleanup(func() {
		if _, err := engine.address().query(context.Background(), "DROP DATABASE IF EXISTS "+database+" SYNC"); err != nil {
			t.Errorf("test ClickHouse: %v", err)
		}
	})
	a := engine.address()
	return a.url(a.User, a.Password, database)
}

func openTestEngine(ctx context.Context) (*Engine, error) {
	root, err := cacheRoot(Options{})
	if err != nil {
		return nil, err
	}
	return OpenClickHouse(ctx, Options{DataDir: filepath.Join(root, "test-clickhouse"), IdleTimeout: testIdleTimeout})
}

// createTestDatabase also drops what killed tests have left.
func createTestDatabase(ctx context.Context, a address) (string, error) {
	names, err := a.query(ctx, "SELECT name FROM system.databases WHERE startsWith(name, '"+testDatabasePrefix+"')")
	if err != nil {
		return "", err
	}
	for name := range strings.FieldsSeq(names) {
		if !leftOver(name, time.Now()) {
			continue
		}
		if _, err := a.query(ctx, "DROP DATABASE IF EXISTS "+name+" SYNC"); err != nil {
			return "", err
		}
	}
	name := fmt.Sprintf("%s%d_%s", testDatabasePrefix, time.Now().Unix(), strings.ToLower(rand.Text()[:12]))
	_, err = a.query(ctx, "CREATE DATABASE "+name)
	return name, err
}

func leftOver(name string, now time.Time) bool {
	seconds, _, _ := strings.Cut(strings.TrimPrefix(name, testDatabasePrefix), "_")
	created, err := strconv.ParseInt(seconds, 10, 64)
	return err == nil && now.Sub(time.Unix(created, 0)) > testDatabaseLife
}
