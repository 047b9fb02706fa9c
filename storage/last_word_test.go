package storage

import (
	"bytes"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// outOfTime is a connection whose first write runs out of time half way; the next ones would go through.
type outOfTime struct {
	net.Conn
	sent   []byte
	failed bool
	closed chan struct{}
}

func (c *outOfTime) Write(p []byte) (int, error) {
	if !c.failed {
		c.failed = true
		c.sent = append(c.sent, p[:len(p)/2]...)
		return len(p) / 2, os.ErrDeadlineExceeded
	}
	c.sent = append(c.sent, p...)
	return len(p), nil
}

func (c *outOfTime) Close() error {
	close(c.closed)
	return nil
}

func TestNothingFollowsAPartialWrite(t *testing.T) {
	peer := &outOfTime{closed: make(chan struct{})}
	c := &lastWord{Conn: peer, patience: time.Millisecond}
	for _, text := range []string{"a block of", " rows", " and its end"} {
		n, err := c.Write([]byte(text))
		require.NoError(t, err, "the read that follows tells it")
		require.Len(t, text, n)
	}
	require.Equal(t, "a blo", string(peer.sent))
	<-peer.closed // once, or closing panics
}

// A block far larger than what the sockets between hold is still being sent when the server refuses it.
func TestALargeBlockHearsWhyItIsRefused(t *testing.T) {
	db, o := openMigrated(t)
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	insertBlock(t, o, blockOf(0, 1))
	execute(t, db, o, "ALTER TABLE responses MODIFY SETTING parts_to_throw_insert = 1")
	block, row := NewBlock(), fullRow()
	row.Path = bytes.Repeat([]byte("/long"), 200)
	for row.Offset = range int64(30_000) {
		block.Append(row)
	}
	e := insertErrorOf(t, w.Insert(t.Context(), block, testGrant(t)))
	require.EqualValues(t, codeTooManyParts, e.Code, "%v", e)
	require.Equal(t, Later, e.Class)
	require.True(t, e.Throttle)
}
