package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// nextMigration is what the version after this one brings: a column more.
const nextMigration = `-- +goose Up
-- +goose StatementBegin
ALTER TABLE responses ADD COLUMN IF NOT EXISTS region LowCardinality(String) DEFAULT 'unknown'
-- +goose StatementEnd
`

// buildNext builds ingest-next, the same program with one migration more, once.
var buildNext = sync.OnceValue(func() error {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	migration := filepath.Join(binaries, "9000_next_version.sql")
	if err := os.WriteFile(migration, []byte(nextMigration), 0o600); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(root, "migrations", "9000_next_version.sql"): migration},
	})
	if err != nil {
		return err
	}
	file := filepath.Join(binaries, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-overlay", file, "-o", filepath.Join(binaries, "ingest-next"), "./cmd/ingest")
	build.Dir, build.Stderr = root, os.Stderr
	return build.Run()
})

func cmdNextVersion(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(buildNext()) }

// cmdCommitNote puts text beside the offset that the group has committed for a partition.
func cmdCommitNote(ts *testscript.TestScript, _ bool, args []string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(ts.Getenv("ERRATA_BROKERS")))
	ts.Check(err)
	defer client.Close()
	admin, group, topic := kadm.NewClient(client), ts.Getenv("ERRATA_GROUP"), ts.Getenv("ERRATA_TOPIC")
	partition, err := strconv.ParseInt(args[0], 10, 32)
	ts.Check(err)
	have, err := admin.FetchOffsets(context.Background(), group)
	ts.Check(err)
	at, ok := have.Lookup(topic, int32(partition))
	if !ok {
		ts.Fatalf("the group has committed nothing for partition %d", partition)
	}
	at.Metadata = args[1]
	offsets := kadm.Offsets{}
	offsets.Add(at.Offset)
	ts.Check(admin.CommitAllOffsets(context.Background(), group, offsets))
}
