package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
)

// skeleton is a small definition that passes its own check; ACME and api.acme.example stand for the
// vendor's name and host.
//
//go:embed skeleton
var skeleton embed.FS

var (
	vendorName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	vendorHost = regexp.MustCompile(`^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

func newVendorsNew() *cobra.Command {
	var dir, host string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Start a definition: a small one that passes its check, to be changed into yours",
		Long: `new writes DIR/NAME: a vendor.toml with one envelope and three codes, cases that it reads, look-alikes that it leaves
alone, and the list that its catalogue is checked against. Change them until they say what the vendor's documentation
says, and run ` + "`ingest vendors check`" + ` in between; docs/vendors.md is the guide.`,
		Example: "  ingest vendors new acme --host api.acme.com --dir our-vendors",
		Args:    cli.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return newVendor(cmd, filepath.Join(dir, args[0]), args[0], host)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".", "directory of your definitions")
	cmd.Flags().StringVar(&host, "host", "", "the API's host, api.acme.com, or *.acme.com for all below it")
	return cmd
}

func newVendor(cmd *cobra.Command, folder, name, host string) error {
	switch {
	case !vendorName.MatchString(name):
		return cli.Usagef("NAME: %q is not lower-case letters, digits, - and _", name)
	case host == "":
		return cli.Usagef("--host is missing: the API's host, api.acme.com or *.acme.com")
	case !vendorHost.MatchString(host):
		return cli.Usagef("--host: %q is neither api.acme.com nor *.acme.com", host)
	}
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		return cli.Usagef("%s exists already: nothing was written", folder)
	}
	if err := writeSkeleton(folder, name, host); err != nil {
		return fmt.Errorf("new definition: %w", err)
	}
	cli.Note(cmd.ErrOrStderr(), "wrote %s; change vendor.toml and the cases in testdata, then run: ingest vendors check %s", folder, folder)
	return nil
}

func writeSkeleton(folder, name, host string) error {
	fill := strings.NewReplacer("https://api.acme.example", "https://"+strings.Replace(host, "*.", "api.", 1), "api.acme.example", host, "ACME", name)
	return fs.WalkDir(skeleton, "skeleton", func(path string, entry fs.DirEntry, err error) error {
		target := filepath.Join(folder, strings.ReplaceAll(strings.TrimPrefix(path, "skeleton"), "ACME", name))
		if err != nil || entry.IsDir() {
			return errors.Join(err, os.MkdirAll(target, 0o755))
		}
		text, err := fs.ReadFile(skeleton, path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, []byte(fill.Replace(string(text))), 0o600)
	})
}
