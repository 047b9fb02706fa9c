package main

import (
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// memoryInterval is how often the memory of a process is looked at.
const memoryInterval = 10 * time.Millisecond

// memoryWatch samples the resident memory of another process. What getrusage calls the peak is of no use:
// on Linux a process inherits it from the one that started it.
type memoryWatch struct {
	stop chan struct{}
	done chan struct{}
	peak uint64
	err  error
}

func watchMemory(pid int) *memoryWatch {
	w := &memoryWatch{stop: make(chan struct{}), done: make(chan struct{})}
	go w.run(pid)
	return w
}

func (w *memoryWatch) run(pid int) {
	defer close(w.done)
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		w.err = fmt.Errorf("process %d: %w", pid, err)
		return
	}
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	for stopped := false; !stopped; {
		select {
		case <-w.stop:
			stopped = true // after a last look
		case <-ticker.C:
		}
		info, err := p.MemoryInfo()
		if err != nil {
			w.err = fmt.Errorf("memory of process %d: %w", pid, err)
			return
		}
		w.peak = max(w.peak, info.RSS)
	}
}

// end stops watching and returns the largest sample in bytes. It is called once, while the process lives.
func (w *memoryWatch) end() (uint64, error) {
	close(w.stop)
	<-w.done
	return w.peak, w.err
}
