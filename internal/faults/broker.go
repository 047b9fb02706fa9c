package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/errata-dev/errata/internal/freeport"
)

// broker is a broker process: the embedded broker's engine (kfake) in a process of its own, which can be
// killed and started anew on the same data and port. It obeys orders on its standard input.
type broker struct {
	line *timeline
	dir  string
	port string
	run  *process

	mu      sync.Mutex
	orders  io.WriteCloser
	answers *bufio.Reader
}

func startBroker(ctx context.Context, line *timeline, dir string) (*broker, error) {
	port, err := freeport.Next()
	if err != nil {
		return nil, err
	}
	b := &broker{line: line, dir: filepath.Join(dir, "broker"), port: port}
	return b, b.start(ctx)
}

func (b *broker) addr() string { return net.JoinHostPort("127.0.0.1", b.port) }

// start starts the process on the data that is there and waits until it answers.
func (b *broker) start(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start broker: %w", err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), brokerEnv+"="+b.dir, brokerPortEnv+"="+b.port)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start broker: %w", err)
	}
	out, answers, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start broker: %w", err)
	}
	cmd.Stdout = answers
	b.orders, b.answers = in, bufio.NewReader(out)
	b.run, err = launch(b.line, "broker", b.dir+".log", cmd)
	if err = errors.Join(err, answers.Close()); err != nil {
		return err
	}
	return b.order(ctx, order{Do: orderHello})
}

// order has the broker do something and waits until it is done.
func (b *broker) order(ctx context.Context, o order) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.Do != orderHello {
		b.line.note("broker: %+v", o)
	}
	stop := context.AfterFunc(ctx, func() { _ = b.run.cmd.Process.Kill() }) //nolint:errcheck // the answer's reader then ends
	defer stop()
	if err := json.NewEncoder(b.orders).Encode(o); err != nil {
		return fmt.Errorf("broker, %s: %w", o.Do, err)
	}
	text, err := b.answers.ReadString('\n')
	if err != nil {
		return fmt.Errorf("broker, %s: no answer: %w", o.Do, err)
	}
	if text != "\n" {
		return fmt.Errorf("broker, %s: %s", o.Do, text)
	}
	return nil
}

// crash kills the broker and leaves it dead for a while.
func (b *broker) crash(ctx context.Context, down time.Duration) error {
	b.run.kill()
	if err := pause(ctx, down); err != nil {
		return err
	}
	return b.start(ctx)
}

// freeze stops the broker for a while.
func (b *broker) freeze(ctx context.Context, long time.Duration) error {
	b.run.signal(syscall.SIGSTOP)
	err := pause(ctx, long)
	b.run.signal(syscall.SIGCONT)
	return err
}

func (b *broker) close() { b.run.kill() }
