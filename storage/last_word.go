package storage

import (
	"net"
	"sync"
	"time"
)

// lastWord is a connection on which failures to write are told by the read that follows. A server that refuses an
// insert says why and closes the connection, while we still write; whoever reports the failed write first would
// never hear the reason. Nothing is taken for acknowledged by that: an acknowledgement is read.
type lastWord struct {
	net.Conn
	patience time.Duration // for the read that follows
	failed   sync.Once
}

// Write implements net.Conn; it does not fail.
func (c *lastWord) Write(p []byte) (int, error) {
	if _, err := c.Conn.Write(p); err != nil {
		c.failed.Do(func() {
			time.AfterFunc(c.patience, func() {
				_ = c.Close() //nolint:errcheck // the connection is given up, however closing goes
			})
		})
	}
	return len(p), nil
}
