package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// module is the path under which the commands are built, wherever in the repository the harness runs.
const module = "github.com/errata-dev/errata"

// binaries are the builds under test.
type binaries struct {
	ingest string
	other  string // the same source as another version, for upgrades
}

// binaries are those that the options name; the rest is built.
func (o options) binaries(ctx context.Context, dir string) (b binaries, err error) {
	b = binaries{ingest: o.ingest, other: o.older}
	if b.ingest == "" {
		b.ingest = filepath.Join(dir, "ingest")
		if err := build(ctx, b.ingest, "v0.0.0-faults", "faultpoints"); err != nil {
			return b, err
		}
	}
	if b.other == "" && o.ingest != "" {
		b.other = o.ingest
	}
	if b.other == "" {
		b.other = filepath.Join(dir, "other", "ingest")
		return b, build(ctx, b.other, "v0.0.1-faults", "faultpoints")
	}
	return b, nil
}

// build builds the command ingest with the tags.
func build(ctx context.Context, path, version, tags string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", tags,
		"-ldflags", "-X "+module+"/internal/cli.Version="+version, "-o", path, module+"/cmd/ingest")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	return nil
}
