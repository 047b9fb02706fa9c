package pipeline

import (
	"context"
	"io"
	"time"
)

// linger is how long a line may wait for others to share its request. It is what a slow pipe is delayed by.
const linger = 50 * time.Millisecond

// feedBytes is what one read asks for, and feedReads how many may be ahead.
const (
	feedBytes = 256 << 10
	feedReads = 4
)

// feed reads ahead in a goroutine of its own, so that whoever reads from it can do something else while
// there is nothing to read: send what it has. It reads no more after ctx has ended, but a Read of the
// source that blocks then is left behind.
type feed struct {
	ctx   context.Context
	reads chan read
	free  chan []byte
	rest  read

	due  func() time.Time // when idle is to be called; zero = not at all
	idle func() error
}

type read struct {
	bytes []byte
	whole []byte // the buffer that bytes are of
	err   error
}

func newFeed(ctx context.Context, source io.Reader, due func() time.Time, idle func() error) *feed {
	f := &feed{ctx: ctx, reads: make(chan read, feedReads), free: make(chan []byte, feedReads), due: due, idle: idle}
	for range feedReads {
		f.free <- make([]byte, feedBytes)
	}
	go f.pull(source)
	return f
}

// pull reads the source until it ends or fails, or ctx ends.
func (f *feed) pull(source io.Reader) {
	for {
		var buffer []byte
		select {
		case buffer = <-f.free:
		case <-f.ctx.Done():
			return
		}
		n, err := source.Read(buffer)
		select {
		case f.reads <- read{buffer[:n], buffer, err}:
		case <-f.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (f *feed) Read(p []byte) (int, error) {
	for len(f.rest.bytes) == 0 {
		if f.rest.err != nil {
			return 0, f.rest.err
		}
		if f.rest.whole != nil {
			f.free <- f.rest.whole
		}
		f.rest = read{}
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.rest.bytes)
	f.rest.bytes = f.rest.bytes[n:]
	return n, nil
}

// next waits for the next read. While it waits, or when it has been due for long, it calls idle.
func (f *feed) next() error {
	for {
		var timer <-chan time.Time // none: nothing to send
		if due := f.due(); !due.IsZero() {
			timer = time.After(time.Until(due))
		}
		select {
		case f.rest = <-f.reads:
			return nil
		case <-timer:
			if err := f.idle(); err != nil {
				return err
			}
		case <-f.ctx.Done():
			return context.Cause(f.ctx)
		}
	}
}
