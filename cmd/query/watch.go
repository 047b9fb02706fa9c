package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// What a terminal is told: to show another screen without cursor and line breaks of its own, to go back, to draw
// from the top, and to clear the rest of a line or of the screen.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	toTop       = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
)

// keepAsking asks every interval until it is interrupted, with a range that moves along. The first question must be
// answered; a later one that fails is told of, and asked again.
func (q *question) keepAsking(cmd *cobra.Command, db *storage.DB, put asking) error {
	screen := newScreen(cmd.OutOrStdout())
	defer screen.close()
	tick := time.NewTicker(q.watch)
	defer tick.Stop()
	for first := true; ; first = false {
		err := q.askAgain(cmd, db, put, screen)
		if cmd.Context().Err() != nil {
			return context.Cause(cmd.Context())
		}
		if err != nil && (first || errors.Is(err, cli.ErrUsage)) {
			return err
		}
		if err != nil {
			screen.fail(cmd.ErrOrStderr(), err)
		}
		select {
		case <-cmd.Context().Done():
			return context.Cause(cmd.Context())
		case <-tick.C:
		}
	}
}

func (q *question) askAgain(cmd *cobra.Command, db *storage.DB, put asking, s *screen) error {
	p, err := q.printer(cmd)
	if err != nil {
		return err
	}
	if s.file == nil {
		return put(cmd.Context(), db, p)
	}
	var frame bytes.Buffer
	p.out, p.notes = &frame, &frame
	if err := put(cmd.Context(), db, p); err != nil {
		return err
	}
	title := fmt.Sprintf("%s, every %s, %s", cmd.CommandPath(), q.watch, q.now.In(p.options.Location).Format("15:04:05 MST"))
	s.draw(title, frame.String())
	return nil
}

// screen is a terminal that is redrawn, or nothing when the output is none.
type screen struct {
	file *os.File
	last string // the answer drawn last
	open bool
}

func newScreen(out io.Writer) *screen {
	file, ok := out.(*os.File)
	if !ok || !cli.IsTerminal(file) {
		return &screen{}
	}
	return &screen{file: file}
}

// draw replaces what is seen; what is higher than the terminal is cut.
func (s *screen) draw(title, text string) {
	s.last = text
	lines := strings.Split(title+"\n\n"+strings.TrimSuffix(text, "\n"), "\n")
	if _, height, err := term.GetSize(int(s.file.Fd())); err == nil && height > 1 && len(lines) > height {
		lines = append(lines[:height-1], "…")
	}
	var b strings.Builder
	if !s.open {
		b.WriteString(enterScreen)
		s.open = true
	}
	b.WriteString(toTop + strings.Join(lines, clearLine+"\n") + clearLine + clearBelow)
	s.write(b.String())
}

// fail tells that an answer did not come; the one before stays.
func (s *screen) fail(notes io.Writer, err error) {
	text := fmt.Sprintf("%s: %v; asking again", time.Now().Format(time.TimeOnly), err)
	if s.open {
		s.write(toTop + render.Escape(text) + clearLine)
		return
	}
	cli.Note(notes, "note: %s", render.Escape(text))
}

// close gives the terminal back, with the last answer on it.
func (s *screen) close() {
	if s.open {
		s.write(leaveScreen + s.last)
	}
}

func (s *screen) write(text string) {
	_, _ = s.file.WriteString(text) //nolint:errcheck // a terminal that is gone is no failure of the answer
}

// joinWatch lets --watch take its interval as the next word too, as other flags do, though it may have none.
func joinWatch(args []string) []string {
	for i := 0; i+1 < len(args); i++ {
		if args[i] == "--" {
			break
		}
		if _, err := config.ParseDuration(args[i+1]); err == nil && args[i] == "--watch" {
			return append(append(append([]string{}, args[:i]...), "--watch="+args[i+1]), args[i+2:]...)
		}
	}
	return args
}
