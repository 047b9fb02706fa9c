//go:build !faultpoints

package pipeline

// faultpoint marks a place where the fault tests strike; nothing happens there in this build.
func faultpoint(string) error { return nil }
