// Package freeport finds ports for servers that tests start as processes of their own. It reserves nothing: what
// listens by itself should listen on port 0 instead, which no one else can take.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports from first on, below those that Linux (from 32768) and macOS (from 49152) give to outgoing connections: a
// server needs seconds until it listens, and a connection of any program may have such a port by then.
const (
	first = 20_000
	count = 12_000
	tries = 1_000
)

var (
	mu    sync.Mutex
	given = map[int]bool{}
)

// Next returns a port of 127.0.0.1 that nobody listens on just now, another one at each call.
func Next() (string, error) {
	mu.Lock()
	defer mu.Unlock()
	for range tries {
		port := first + rand.IntN(count)
		if given[port] {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue // taken
		}
		given[port] = true
		return strconv.Itoa(port), listener.Close()
	}
	return "", errors.New("no free port found from 20000 to 31999")
}
