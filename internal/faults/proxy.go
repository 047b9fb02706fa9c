package main

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// proxy forwards TCP connections and breaks them as it is told. Its modes are for all connections, those that
// are open and those to come.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	mode  mode
	turn  chan struct{} // closed when the mode changes
	links map[*link]struct{}
	cuts  int
	held  int // requests that have been held back
}

// mode is what a proxy does to the bytes. The zero mode forwards them.
type mode struct {
	stalled bool // nothing is read from either side: half open
	refuse  bool // new connections are closed
	rate    int  // bytes a second towards the server; 0 = unlimited

	// late is for how long requests of at least bigRequest bytes are held back. They arrive then even if whoever
	// sent them has died.
	late time.Duration

	// cut breaks a connection on requests of at least bigRequest bytes, after keep bytes more: of the answer (the
	// insert is done, its acknowledgement is lost) or of the request (half an insert).
	cut    cutKind
	keep   int
	chance func() bool // whether to cut at this request; nil = always
}

type cutKind int

const (
	cutNothing cutKind = iota
	cutAnswers
	cutRequests
)

// bigRequest is the size in bytes from which a request is taken for an insert's data.
const bigRequest = 4 << 10

// link is one connection through the proxy, both sides.
type link struct {
	client, server net.Conn
	mu             sync.Mutex
	sent           int  // bytes to the server since its last answer
	answered       int  // bytes of the answer to a big request so far
	big            bool // the last request was one
	spared         bool // the chance was against cutting this request
	held           bool // this request has been held back
}

func startProxy(target string) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &proxy{listener: listener, target: target, turn: make(chan struct{}), links: map[*link]struct{}{}}
	go p.serve()
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// set changes the mode.
func (p *proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.turn)
	p.turn = make(chan struct{})
}

func (p *proxy) current() (mode, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode, p.turn
}

// cutAll breaks all connections at once.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close()
	}
}

// cutsSoFar is how many connections a mode has cut.
func (p *proxy) cutsSoFar() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// heldSoFar is how many requests have been held back.
func (p *proxy) heldSoFar() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

func (p *proxy) close() error {
	err := p.listener.Close()
	p.set(mode{})
	p.cutAll()
	return err
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		if m, _ := p.current(); m.refuse {
			_ = client.Close() //nolint:errcheck // it is refused
			continue
		}
		server, err := net.DialTimeout("tcp", p.target, 5*time.Second)
		if err != nil {
			_ = client.Close() //nolint:errcheck // the server is down, and so is this
			continue
		}
		p.join(&link{client: client, server: server})
	}
}

func (p *proxy) join(l *link) {
	p.mu.Lock()
	p.links[l] = struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, l.client, l.server, p.upload) })
	both.Go(func() { p.pump(l, l.server, l.client, p.download) })
	go func() {
		both.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.links, l)
	}()
}

func (l *link) close() {
	_ = l.client.Close() //nolint:errcheck // it is being broken
	_ = l.server.Close() //nolint:errcheck // it is being broken
}

var errCut = errors.New("cut")

// pump forwards from src to dst until either side ends or the link is cut.
func (p *proxy) pump(l *link, src, dst net.Conn, forward func(l *link, m mode, dst net.Conn, b []byte) error) {
	defer l.close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := src.Read(buffer)
		if err != nil {
			return
		}
		m := p.whenFlowing()
		if err := forward(l, m, dst, buffer[:n]); err != nil {
			if errors.Is(err, errCut) {
				p.mu.Lock()
				p.cuts++
				p.mu.Unlock()
			}
			return
		}
	}
}

// whenFlowing waits while the proxy is stalled.
func (p *proxy) whenFlowing() mode {
	for {
		m, turn := p.current()
		if !m.stalled {
			return m
		}
		<-turn
	}
}

func (p *proxy) upload(l *link, m mode, dst net.Conn, b []byte) error {
	sent := l.noteSent(len(b), m)
	if m.cut == cutRequests && sent >= bigRequest && !l.spares() {
		_, _ = dst.Write(b[:min(len(b), m.keep)]) //nolint:errcheck // the link is cut anyway
		return errCut
	}
	if m.late > 0 && sent >= bigRequest && l.holds() {
		p.mu.Lock()
		p.held++
		p.mu.Unlock()
		time.Sleep(m.late) // whatever else happens: that is the point
	}
	return p.writeAt(m.rate, dst, b)
}

func (p *proxy) download(l *link, m mode, dst net.Conn, b []byte) error {
	before, big := l.noteAnswer(len(b))
	if m.cut == cutAnswers && big && !l.spares() && before+len(b) > m.keep {
		_, _ = dst.Write(b[:max(0, m.keep-before)]) //nolint:errcheck // the link is cut anyway
		return errCut
	}
	_, err := dst.Write(b)
	return err
}

// noteSent counts bytes of a request and returns how many there have been.
func (l *link) noteSent(n int, m mode) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sent == 0 {
		l.held = false
		l.spared = m.chance != nil && !m.chance()
	}
	l.sent += n
	return l.sent
}

// noteAnswer counts bytes of an answer. It returns how many came before and whether the request was a big one.
func (l *link) noteAnswer(n int) (before int, big bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sent > 0 {
		l.big, l.answered, l.sent = l.sent >= bigRequest, 0, 0
	}
	before = l.answered
	l.answered += n
	return before, l.big
}

func (l *link) spares() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spared
}

// holds is true once for every request.
func (l *link) holds() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.held
	l.held = true
	return first
}

// writeAt writes at most rate bytes a second, in pieces of a tenth of that.
func (p *proxy) writeAt(rate int, dst net.Conn, b []byte) error {
	if rate == 0 {
		_, err := dst.Write(b)
		return err
	}
	for len(b) > 0 {
		n := min(len(b), max(1, rate/10))
		if _, err := dst.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		_, turn := p.current()
		select {
		case <-time.After(100 * time.Millisecond):
		case <-turn: // another mode: hurry with the rest
			rate = 1 << 30
		}
	}
	return nil
}
