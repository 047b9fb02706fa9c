package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// sizeUnits in the order in which a size is printed: the first that divides it.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"B", 1},
}

// size is a flag that takes a number of bytes with or without a unit.
type size struct{ target *int64 }

// Size makes a flag of target, in bytes; target starts with the default.
func Size(target *int64, value int64) pflag.Value {
	*target = value
	return size{target}
}

func (s size) Type() string { return "size" }

// String is empty for 0, which is not given.
func (s size) String() string {
	if *s.target == 0 {
		return ""
	}
	return FormatSize(*s.target)
}

// Set takes 256MB, 1GiB, 1.5TB or plain bytes; the units' case does not matter.
func (s size) Set(text string) error {
	number, unit := strings.TrimSpace(text), int64(1)
	for _, u := range sizeUnits {
		if len(number) > len(u.name) && strings.EqualFold(number[len(number)-len(u.name):], u.name) {
			number, unit = strings.TrimSpace(number[:len(number)-len(u.name)]), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n > 0) || n*float64(unit) < 1 || n*float64(unit) >= math.MaxInt64 {
		return fmt.Errorf("want a size such as 256MB, 50GB or 1TiB")
	}
	*s.target = int64(n * float64(unit))
	return nil
}

// FormatSize prints bytes exactly, in the largest unit that divides them.
func FormatSize(n int64) string {
	for _, u := range sizeUnits {
		if n%u.bytes == 0 && n != 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}
