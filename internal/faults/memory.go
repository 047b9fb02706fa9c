package main

import (
	"context"
	"sync/atomic"
	"time"

	ps "github.com/shirou/gopsutil/v4/process"
)

// memoryBudget is what an ingester may hold in memory, the default of --memory.
const memoryBudget = 256 << 20

// memoryWatch samples the resident memory of a trial's ingesters.
type memoryWatch struct {
	largest atomic.Uint64 // bytes
	done    chan struct{}
}

func (t *trial) watchMemory(ctx context.Context) *memoryWatch {
	w := &memoryWatch{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for pause(ctx, 100*time.Millisecond) == nil {
			for _, in := range t.running() {
				w.sample(int32(in.pid()))
			}
		}
	}()
	return w
}

// sample looks at one process; one that has just ended has no memory.
func (w *memoryWatch) sample(pid int32) {
	info, err := (&ps.Process{Pid: pid}).MemoryInfo()
	if err == nil {
		w.largest.Store(max(w.largest.Load(), info.RSS))
	}
}
