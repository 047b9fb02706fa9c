package main

import (
	"sync"

	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/parsers"
)

// definitions are those of the vendors, for the advice that answers show beside a code.
type definitions struct {
	dirs    []string
	compile func() (*parsers.Registry, error)
}

func (d *definitions) register(flags *pflag.FlagSet) {
	config.RegisterVendors(flags, &d.dirs)
}

// start begins to compile them: that takes as long as many an answer, so it is done while the server works.
func (d *definitions) start() {
	d.compile = sync.OnceValues(func() (*parsers.Registry, error) { return cli.Definitions(d.dirs, parsers.Options{}) })
	go d.compile() //nolint:errcheck // err tells it
}

// err is what is wrong with a definition of the user's own.
func (d *definitions) err() error {
	_, err := d.compile()
	return err
}

// advice is what to do about a code; "" = nobody says.
func (d *definitions) advice(vendor string, status int, code string) string {
	registry, err := d.compile()
	if err != nil {
		return ""
	}
	known, _ := registry.Advice(vendor, status, code)
	return known.Advice
}
