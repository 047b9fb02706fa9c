package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// process is a child that a trial may treat badly.
type process struct {
	name  string
	cmd   *exec.Cmd
	line  *timeline
	ended chan struct{} // closed after its end; then cmd.ProcessState is set
	asked atomic.Bool   // it is to end: whoever ends without that has failed
}

// launch starts cmd with its output appended to the file log.
func launch(line *timeline, name, log string, cmd *exec.Cmd) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer file.Close() //nolint:errcheck // the child has a descriptor of its own
	if cmd.Stdout == nil {
		cmd.Stdout = file
	}
	cmd.Stderr = file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for the harness, which then ends its children
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, line: line, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() //nolint:errcheck // the exit code is in cmd.ProcessState
		close(p.ended)
	}()
	line.note("%s started, pid %d", name, p.pid())
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal; a process that has ended gets none.
func (p *process) signal(s syscall.Signal) {
	p.line.note("%s (pid %d): %s", p.name, p.pid(), signalName(s))
	if s == syscall.SIGKILL || s == syscall.SIGTERM {
		p.asked.Store(true)
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		p.line.note("%s (pid %d): %v", p.name, p.pid(), err)
	}
}

func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGKILL:
		return "SIGKILL"
	case syscall.SIGSTOP:
		return "SIGSTOP"
	case syscall.SIGCONT:
		return "SIGCONT"
	case syscall.SIGTERM:
		return "SIGTERM"
	}
	return s.String()
}

// kill ends the process the hard way and waits for that.
func (p *process) kill() {
	if p.alive() {
		p.signal(syscall.SIGKILL)
	}
	<-p.ended
}

// await waits for the end and returns the exit code.
func (p *process) await(limit time.Duration) (code int, err error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("%s (pid %d) did not end within %s", p.name, p.pid(), limit)
	}
}
