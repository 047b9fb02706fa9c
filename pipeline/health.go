package pipeline

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// health collects the reasons why the ingester is not ready. The zero value is ready.
type health struct {
	mu      sync.Mutex
	reasons map[string]string
}

func (h *health) set(part, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reasons == nil {
		h.reasons = map[string]string{}
	}
	h.reasons[part] = reason
}

func (h *health) clear(part string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.reasons, part)
}

// state returns whether there is no reason, and else all of them, one a line, always in the same order: one
// must not hide another.
func (h *health) state() (ready bool, reasons string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := make([]string, 0, len(h.reasons))
	for _, part := range slices.Sorted(maps.Keys(h.reasons)) {
		lines = append(lines, h.reasons[part])
	}
	return len(lines) == 0, strings.Join(lines, "\n")
}
