//go:build !noembedded

package embedded

// hasLibc tells whether the C library that the published libraries are linked with is there.
func hasLibc() bool { return true }
