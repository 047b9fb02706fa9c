package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// choice is a flag with a closed list of values.
type choice struct {
	target *string
	valid  []string
}

// Choice makes a flag of target that takes one of the valid values; target starts with the default.
func Choice(target *string, value string, valid ...string) pflag.Value {
	*target = value
	return &choice{target: target, valid: valid}
}

func (c *choice) String() string { return *c.target }
func (c *choice) Type() string   { return "name" }

// Values are the valid ones, for completion.
func (c *choice) Values() []string { return c.valid }

// Set takes a value of the list.
func (c *choice) Set(value string) error {
	if !contains(c.valid, value) {
		return fmt.Errorf("must be one of %s%s", strings.Join(c.valid, ", "), suggestion(value, c.valid))
	}
	*c.target = value
	return nil
}
