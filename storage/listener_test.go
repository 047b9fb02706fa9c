package storage

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// startListener accepts connections, answers the first thing a client says with text, and then is
// silent.
func startListener(t testing.TB, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if _, err := conn.Read(make([]byte, 1024)); err == nil {
					_, _ = conn.Write([]byte(text))
				}
			}()
		}
	}()
	return l.Addr().String()
}
