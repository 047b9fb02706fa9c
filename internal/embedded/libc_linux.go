//go:build !noembedded

package embedded

import "path/filepath"

// hasLibc tells whether the C library that the published libraries are linked with is there. musl's cannot load them.
func hasLibc() bool {
	for _, pattern := range []string{"/lib64/ld-linux-*", "/lib/ld-linux-*", "/lib/*/ld-linux-*", "/usr/lib/ld-linux-*"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}
