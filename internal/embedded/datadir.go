//go:build !noembedded && (linux || darwin)

package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// dataFormat is the layout of the data directory that this errata writes.
const dataFormat = 1

// markerName is the file that makes a directory errata's.
const markerName = "errata-data.json"

// maxLogBytes bounds each of the engine's log files; one older generation of each is kept.
const maxLogBytes = 1 << 20

// marker says who wrote a data directory.
type marker struct {
	Format     int    `json:"format"`
	ClickHouse string `json:"clickhouse"` // newest engine that has written here
}

// layout names the files of a data directory.
type layout string

func (l layout) join(elem ...string) string {
	return filepath.Join(append([]string{string(l)}, elem...)...)
}
func (l layout) marker() string      { return l.join(markerName) }
func (l layout) store() string       { return l.join("clickhouse") }
func (l layout) engine() string      { return l.join("engine") }
func (l layout) address() string     { return l.join("engine", "address.json") }
func (l layout) startLock() string   { return l.join("engine", "start.lock") }   // exclusive: who may start an engine
func (l layout) clientsLock() string { return l.join("engine", "clients.lock") } // shared: every client
func (l layout) engineLock() string  { return l.join("engine", "engine.lock") }  // exclusive: the living engine
func (l layout) log() string         { return l.join("engine", "engine.log") }
func (l layout) serverLog() string   { return l.join("engine", "clickhouse.log") }
func (l layout) config() string      { return l.join("engine", "config.xml") }
func (l layout) users() string       { return l.join("engine", "users.xml") }

// prepare makes dir usable as a data directory, or says why it is not.
func prepare(dir string) (layout, error) {
	if dir == "" {
		return "", errors.New("data directory: no path given")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data directory: %w", err)
	}
	l := layout(abs)
	if err := l.refuseForeign(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(l.engine(), 0o700); err != nil {
		return "", fmt.Errorf("data directory %s cannot be written: %w", abs, err)
	}
	probe, err := os.CreateTemp(l.engine(), ".writable-*")
	if err != nil {
		return "", fmt.Errorf("data directory %s cannot be written: %w", abs, err)
	}
	return l, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// HasData tells whether an earlier OpenClickHouse made dir. Who only reads needs no engine for a directory without data.
func HasData(dir string) bool {
	_, err := os.Stat(layout(dir).marker())
	return err == nil
}

// refuseForeign fails when the directory has content but no marker. What a file system or version control puts into an empty
// directory does not count, nor does engine/, which is there before the marker.
func (l layout) refuseForeign() error {
	entries, err := os.ReadDir(string(l))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("data directory %s cannot be read: %w", l, err)
	}
	// Looking for the marker comes second: another process may be creating the directory's content, and it writes the marker first.
	if _, err := os.Stat(l.marker()); err == nil {
		return nil
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == "engine", name == "lost+found", name == ".DS_Store", name == ".gitignore", name == ".gitkeep":
		case strings.HasPrefix(name, markerName): // being written by another process just now
		default:
			return fmt.Errorf("%w: %s holds %q and no %s: choose an empty directory", ErrForeignData, l, name, markerName)
		}
	}
	return nil
}

// claim records that an engine of version v is about to write here. The caller holds the start lock.
func (l layout) claim(v version) error {
	old, err := l.readMarker()
	if err != nil {
		return err
	}
	if old.Format > dataFormat {
		return fmt.Errorf("%w: %s has layout %d, this errata knows %d: use a newer errata", ErrNewerData, l, old.Format, dataFormat)
	}
	if old.ClickHouse != "" {
		written, err := parseVersion(old.ClickHouse)
		if err != nil {
			return fmt.Errorf("read %s: %w", l.marker(), err)
		}
		if written.newerThan(v) {
			return fmt.Errorf("%w: %s was written by ClickHouse %s, the engine at hand is %s: put a `clickhouse` binary of %d.%d or newer on PATH, or use another data directory",
				ErrNewerData, l, written.text, v.text, written.major, written.minor)
		}
	}
	if err := writeJSON(l.marker(), marker{Format: dataFormat, ClickHouse: v.text}); err != nil {
		return err
	}
	if err := os.MkdirAll(l.store(), 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

func (l layout) readMarker() (marker, error) {
	var m marker
	err := readJSON(l.marker(), &m)
	if errors.Is(err, fs.ErrNotExist) {
		return marker{}, nil
	}
	return m, err
}

// openLog opens the engine's own log for appending and tells where it ends. It starts a new one when it has grown large.
func (l layout) openLog() (log *os.File, end int64, err error) {
	if info, err := os.Stat(l.log()); err == nil && info.Size() > maxLogBytes {
		if err := os.Rename(l.log(), l.log()+".old"); err != nil {
			return nil, 0, fmt.Errorf("rotate engine log: %w", err)
		}
	}
	log, err = os.OpenFile(l.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open engine log: %w", err)
	}
	if end, err = log.Seek(0, io.SeekEnd); err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open engine log: %w", err), log.Close())
	}
	return log, end, nil
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// writeJSON replaces path in one step; only the owner may read it.
func writeJSON(path string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(path), err)
	}
	return writeFile(path, append(raw, '\n'))
}

func writeFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}
