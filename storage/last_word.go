package storage

import (
	"net"
	"sync/atomic"
	"time"
)

// lastWord is a connection on which failures to write are told by the read that follows. A server that refuses an
// insert says why and closes the connection, while we still write; whoever reports the failed write first would
// never hear the reason. Nothing is taken for acknowledged by that: an acknowledgement is read.
//
// After a failure nothing more is written: a write that ran out of time has sent a part of its bytes, and what the
// next one sent would be read as the rest of them.
type lastWord struct {
	net.Conn
	patience time.Duration // for the read that follows
	failed   atomic.Bool
}

// Write implements net.Conn; it does not fail.
func (c *lastWord) Write(p []byte) (int, error) {
	if c.failed.Load() {
		return len(p), nil
	}
	if _, err := c.Conn.Write(p); err != nil && !c.failed.Swap(true) {
		time.AfterFunc(c.patience, func() {
			_ = c.Close() //nolint:errcheck // the connection is given up, however closing goes
		})
	}
	return len(p), nil
}
