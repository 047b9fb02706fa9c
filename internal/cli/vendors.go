package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/errata-dev/errata/parsers"
)

// Definitions compiles the built-in definitions and those of the directories that --vendors names.
func Definitions(dirs []string, o parsers.Options) (*parsers.Registry, error) {
	for _, dir := range dirs {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, Usagef("--vendors: %w", err)
		}
		o.FS = append(o.FS, os.DirFS(dir))
	}
	r, err := parsers.New(o)
	var missing *fs.PathError
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("vendor definitions: %w", err)
	case err != nil:
		return nil, Usagef("%w", err)
	}
	return r, nil
}
