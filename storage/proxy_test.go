package storage

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy forwards connections to a server and can break them.
type proxy struct {
	listener net.Listener
	conns    chan net.Conn // open ones, both sides
	uploaded atomic.Int64
	limit    atomic.Int64 // bytes of upload after which then is called
	then     atomic.Pointer[func()]
}

func startProxy(t testing.TB, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: l, conns: make(chan net.Conn, 100)}
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
	})
	go p.serve(target)
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) serve(target string) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.conns <- client
		p.conns <- server
		go p.copy(server, client, &p.uploaded)
		go p.copy(client, server, new(atomic.Int64))
	}
}

func (p *proxy) copy(dst, src net.Conn, count *atomic.Int64) {
	buffer := make([]byte, 4096)
	for {
		n, err := src.Read(buffer)
		if total := count.Add(int64(n)); count == &p.uploaded && p.limit.Load() > 0 && total > p.limit.Load() {
			(*p.then.Load())()
			return // and forward no more
		}
		if _, writeErr := dst.Write(buffer[:n]); err != nil || writeErr != nil {
			_ = dst.Close()
			return
		}
	}
}

// cut breaks all connections.
func (p *proxy) cut() {
	for {
		select {
		case c := <-p.conns:
			_ = c.Close()
		default:
			return
		}
	}
}

// onUpload calls f once more than limit further bytes have gone to the server.
func (p *proxy) onUpload(limit int64, f func()) {
	p.then.Store(&f)
	p.limit.Store(p.uploaded.Load() + limit)
}
