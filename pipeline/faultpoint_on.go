//go:build faultpoints

package pipeline

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// strike is what ERRATA_FAULTPOINT=point:action[:n] asks for: the action when the point is passed for the
// n-th time (1).
var strike = parseStrike(os.Getenv("ERRATA_FAULTPOINT"))

type struck struct {
	point, action string
	nth           int64
	passed        atomic.Int64
}

func parseStrike(text string) *struck {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 2 {
		return &struck{}
	}
	s := &struck{point: parts[0], action: parts[1], nth: 1}
	if len(parts) == 3 {
		n, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			panic("ERRATA_FAULTPOINT: " + err.Error())
		}
		s.nth = n
	}
	return s
}

// faultpoint does what the environment asks for at the named place: exit (as by SIGKILL), stop (SIGSTOP),
// error, or delay=<duration>.
func faultpoint(name string) error {
	if name != strike.point || strike.passed.Add(1) != strike.nth {
		return nil
	}
	action, argument, _ := strings.Cut(strike.action, "=")
	switch action {
	case "exit":
		return strikeSelf(syscall.SIGKILL)
	case "stop":
		return strikeSelf(syscall.SIGSTOP)
	case "error":
		return fmt.Errorf("fault point %s", name)
	case "delay":
		pause, err := time.ParseDuration(argument)
		if err != nil {
			panic("ERRATA_FAULTPOINT: " + err.Error())
		}
		time.Sleep(pause)
		return nil
	}
	panic("ERRATA_FAULTPOINT: action is exit, stop, error or delay=<duration>, not " + strike.action)
}

// strikeSelf sends a signal to this process and waits for it: another thread may be the one that takes it, and
// this one must not get past the point in the meantime.
func strikeSelf(s syscall.Signal) error {
	err := syscall.Kill(os.Getpid(), s)
	time.Sleep(time.Second)
	return err
}
