package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
)

// profile is the file for the CPU profile of the ingester that reads the stream. The last run's stays.
func (b *bench) profile(s stream) string {
	if b.options.profiles == "" {
		return ""
	}
	return filepath.Join(b.options.profiles, s.name+".pprof")
}

// startProfile writes a CPU profile to the file, unless it is "", until the returned function is called.
func startProfile(file string) (end func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	out, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return nil, errors.Join(fmt.Errorf("profile: %w", err), out.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return out.Close()
	}, nil
}

// explainProfiles writes beside each profile what stands in it: the functions, dearest first, and a flame graph.
func (b *bench) explainProfiles(ctx context.Context) error {
	if b.options.profiles == "" {
		return nil
	}
	for _, s := range b.options.streams {
		file := b.profile(s)
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("profile of stream %s: %w", s.name, err)
		}
		base := filepath.Join(b.options.profiles, s.name)
		if err := pprofTool(ctx, base+".txt", func(out io.Writer, in io.Reader) error { _, err := io.Copy(out, in); return err }, "-top", "-nodecount=60", file); err != nil {
			return err
		}
		if err := pprofTool(ctx, base+".svg", flameGraph, "-traces", file); err != nil {
			return err
		}
	}
	return nil
}

// pprofTool has `go tool pprof` read a profile, and writes what convert makes of its output to a file.
func pprofTool(ctx context.Context, file string, convert func(io.Writer, io.Reader) error, args ...string) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	tool := exec.CommandContext(ctx, "go", append([]string{"tool", "pprof"}, args...)...)
	text, err := tool.StdoutPipe()
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if err := tool.Start(); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	converted := convert(out, text)
	if err := errors.Join(converted, tool.Wait()); err != nil {
		return fmt.Errorf("%s: %w", tool, err)
	}
	return nil
}
