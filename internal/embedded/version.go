//go:build !noembedded && (linux || darwin)

package embedded

import (
	"fmt"
	"regexp"
	"strconv"
)

// version is a ClickHouse release. Data is compatible both ways within one major.minor.
type version struct {
	major, minor int
	text         string // as the engine prints it: 26.7.2.1
}

var versionPattern = regexp.MustCompile(`\b(\d{2,4})\.(\d{1,3})(?:\.\d+)*`)

// parseVersion finds the first release number in text, for instance in what `clickhouse local --version` prints.
func parseVersion(text string) (version, error) {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return version{}, fmt.Errorf("no ClickHouse version in %q", excerpt(text, 80))
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return version{}, fmt.Errorf("major version: %w", err)
	}
	minor, err := strconv.Atoi(m[2])
	if err != nil {
		return version{}, fmt.Errorf("minor version: %w", err)
	}
	return version{major: major, minor: minor, text: m[0]}, nil
}

func (v version) newerThan(w version) bool {
	if v.major != w.major {
		return v.major > w.major
	}
	return v.minor > w.minor
}
