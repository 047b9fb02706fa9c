package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// ownCPU is the user and system time that this process has used, in microseconds precise.
func ownCPU() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("own CPU time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

// processCPU is the user and system time that a process has used. The operating system states both in
// steps of, as a rule, 10 ms.
func processCPU(pid int) (time.Duration, error) {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, err)
	}
	times, err := p.Times()
	if err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration((times.User + times.System) * float64(time.Second)), nil
}

// meter measures the CPU time of a process from now on.
type meter struct {
	pid  int
	from time.Duration
}

func newMeter(pid int) (meter, error) {
	from, err := processCPU(pid)
	return meter{pid: pid, from: from}, err
}

func (m meter) used() (time.Duration, error) {
	now, err := processCPU(m.pid)
	return now - m.from, err
}

// cost is what some work in this process took.
type cost struct {
	cpu         time.Duration
	allocations uint64
}

// costOf does the work on a tidy heap. Whatever else runs in this process meanwhile counts as well.
func costOf(work func() error) (cost, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	from, err := ownCPU()
	if err != nil {
		return cost{}, err
	}
	if err := work(); err != nil {
		return cost{}, err
	}
	to, err := ownCPU()
	if err != nil {
		return cost{}, err
	}
	runtime.ReadMemStats(&after)
	return cost{cpu: to - from, allocations: after.Mallocs - before.Mallocs}, nil
}
