package main

import (
	"fmt"
	"slices"

	ps "github.com/shirou/gopsutil/v4/process"
)

// stopped tells whether a process has been stopped by a signal.
func stopped(pid int32) (bool, error) {
	status, err := (&ps.Process{Pid: pid}).Status()
	if err != nil {
		return false, fmt.Errorf("state of process %d: %w", pid, err)
	}
	return slices.Contains(status, ps.Stop), nil
}
