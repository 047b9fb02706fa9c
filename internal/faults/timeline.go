package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// timeline is the account of a trial: what was done when, and to which process.
type timeline struct {
	mu      sync.Mutex
	file    *os.File
	started time.Time
	lines   []string // all of it: a trial has a few hundred
}

func newTimeline(dir string) (*timeline, error) {
	file, err := os.Create(filepath.Join(dir, "timeline"))
	if err != nil {
		return nil, fmt.Errorf("timeline: %w", err)
	}
	return &timeline{file: file, started: time.Now()}, nil
}

// note adds a line. A timeline that cannot be written is still there for the tail.
func (l *timeline) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := fmt.Sprintf("%s %9.3fs  %s", time.Now().UTC().Format("15:04:05.000"), time.Since(l.started).Seconds(), fmt.Sprintf(format, args...))
	l.lines = append(l.lines, line)
	if _, err := fmt.Fprintln(l.file, line); err != nil {
		l.lines = append(l.lines, "the timeline's file: "+err.Error())
	}
}

// tail returns the last n lines.
func (l *timeline) tail(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines[max(0, len(l.lines)-n):]...)
}

func (l *timeline) elapsed() time.Duration { return time.Since(l.started) }

func (l *timeline) close() error { return l.file.Close() }
