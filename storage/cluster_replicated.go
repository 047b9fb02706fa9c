package storage

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/errata-dev/errata/migrations"
)

// replicate says where in Keeper the tables of a shard meet. Both parts are stated, so that no server needs macros
// of its own.
type replicate struct {
	cluster string
	shard   int
	replica string // host:port
}

// migrations are the files to apply, with engines that replicate themselves if that is wanted.
func (db *DB) migrations() fs.FS {
	if db.replicate == nil {
		return migrations.FS
	}
	return replicatedFS{migrations.FS, db.replicate}
}

// engineLine is how the files state an engine.
var engineLine = regexp.MustCompile(`(?m)^ENGINE = ((?:Replacing)?MergeTree)(?:\((.*)\))?$`)

// rewrite changes MergeTree to ReplicatedMergeTree(…). The server fills in {database} and {table}.
func (r *replicate) rewrite(text []byte) []byte {
	place := quoteText(fmt.Sprintf("/clickhouse/errata/%s/{database}/%d/{table}", r.cluster, r.shard)) + ", " + quoteText(r.replica)
	return engineLine.ReplaceAllFunc(text, func(line []byte) []byte {
		m := engineLine.FindSubmatch(line)
		engine := fmt.Sprintf("ENGINE = Replicated%s(%s", m[1], place)
		if len(m[2]) > 0 {
			engine += ", " + string(m[2])
		}
		return []byte(engine + ")")
	})
}

// quoteText quotes a text where no bound parameter can be.
func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// replicatedFS are the migrations with other engines.
type replicatedFS struct {
	fs.FS
	replicate *replicate
}

// Open implements fs.FS.
func (f replicatedFS) Open(name string) (fs.File, error) {
	if !strings.HasSuffix(name, ".sql") {
		return f.FS.Open(name)
	}
	text, err := fs.ReadFile(f.FS, name)
	if err != nil {
		return nil, err
	}
	return &rewritten{name: name, Reader: bytes.NewReader(f.replicate.rewrite(text))}, nil
}

// rewritten is a file with another content.
type rewritten struct {
	*bytes.Reader
	name string
}

func (r *rewritten) Stat() (fs.FileInfo, error) { return r, nil }
func (r *rewritten) Close() error               { return nil }
func (r *rewritten) Name() string               { return r.name }
func (r *rewritten) Mode() fs.FileMode          { return 0o444 }
func (r *rewritten) ModTime() time.Time         { return time.Time{} }
func (r *rewritten) IsDir() bool                { return false }
func (r *rewritten) Sys() any                   { return nil }
