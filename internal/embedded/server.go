//go:build !noembedded && (linux || darwin)

package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
	"unsafe"

	"github.com/creack/pty"
	"github.com/ebitengine/purego"
	"golang.org/x/sys/unix"
)

// server is a running `clickhouse local`, in this process or below it.
type server struct {
	pid      int
	terminal io.Closer  // it ends when this is closed
	kill     func()     // for when it does not stop
	done     chan error // one value, after its end; nil once that has been taken
}

func (s *server) ended() bool { return s.done == nil }

// end stops it and waits, but not for ever.
func (s *server) end() error {
	if s.ended() {
		return nil
	}
	if err := s.terminal.Close(); err != nil {
		return fmt.Errorf("stop ClickHouse: %w", err)
	}
	select {
	case err := <-s.done:
		s.done = nil
		return err
	case <-time.After(stopTimeout):
		s.kill()
		return fmt.Errorf("ClickHouse did not stop within %s and was abandoned", stopTimeout)
	}
}

// launchBinary runs ClickHouse as a process below this one. It inherits the engine lock, and ends when this process does, because
// its terminal does.
func launchBinary(binary string, args []string, lock *os.File) (*server, error) {
	keyboard, terminal, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("terminal for the engine: %w", err)
	}
	cmd := exec.Command(binary, append([]string{"local"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = terminal, os.Stdout, os.Stderr, []*os.File{lock}
	if err := errors.Join(cmd.Start(), terminal.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), keyboard.Close())
	}
	s := &server{pid: cmd.Process.Pid, terminal: keyboard, done: make(chan error, 1)}
	s.kill = func() { _ = cmd.Process.Kill() } //nolint:errcheck // fails only when it has ended
	go func() { s.done <- cmd.Wait() }()
	return s, nil
}

// launchLibrary runs ClickHouse inside this process, whose standard input becomes the terminal.
func launchLibrary(path string, args []string) (*server, error) {
	library, err := openLibrary(path)
	if err != nil {
		return nil, err
	}
	keyboard, terminal, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("terminal for the engine: %w", err)
	}
	if err := errors.Join(unix.Dup2(int(terminal.Fd()), 0), terminal.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("standard input of the engine: %w", err), keyboard.Close())
	}
	s := &server{pid: os.Getpid(), terminal: keyboard, kill: func() {}, done: make(chan error, 1)}
	go func() { s.done <- library.main(args) }()
	return s, nil
}

// library is the part of libchdb that is used here.
type library struct {
	queryCmdline func(argc int32, argv **byte) uintptr
	resultError  func(result uintptr) string
}

func openLibrary(path string) (l library, err error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return library{}, fmt.Errorf("load the engine: %w", err)
	}
	for name, function := range map[string]any{"chdb_query_cmdline": &l.queryCmdline, "chdb_result_error": &l.resultError} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return library{}, fmt.Errorf("load the engine: %w", err)
		}
		purego.RegisterFunc(function, symbol)
	}
	return l, nil
}

// main runs `clickhouse local` with these arguments and returns when it has ended.
func (l library) main(args []string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	argv := make([]*byte, 0, len(args)+2)
	for _, arg := range append([]string{"clickhouse"}, args...) { // the first is skipped
		argv = append(argv, &append([]byte(arg), 0)[0])
	}
	argv = append(argv, nil)
	var pin runtime.Pinner
	defer pin.Unpin()
	for _, arg := range argv[:len(argv)-1] {
		pin.Pin(arg)
	}
	pin.Pin(&argv[0])
	result := l.queryCmdline(int32(len(argv)-1), (**byte)(unsafe.Pointer(&argv[0])))
	if result == 0 {
		return errors.New("ClickHouse gave no result")
	}
	if text := l.resultError(result); text != "" {
		return errors.New(excerpt(text, 2000))
	}
	return nil
}
