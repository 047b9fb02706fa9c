package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/internal/config"
)

// Logger makes the logger of a command: to w, console form on a terminal, else JSON.
func Logger(w io.Writer, settings config.Log) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(settings.Level)
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("log level: %w", err)
	}
	if settings.Format == "console" || settings.Format == "auto" && IsTerminal(w) {
		_, noColour := os.LookupEnv("NO_COLOR")
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: noColour || !IsTerminal(w)}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger(), nil
}

// IsTerminal tells whether w is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
