package pipeline

import (
	"slices"
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

// state returns whether there is no reason, and else one of them, always the same.
func (h *health) state() (ready bool, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.reasons) == 0 {
		return true, ""
	}
	parts := make([]string, 0, len(h.reasons))
	for part := range h.reasons {
		parts = append(parts, part)
	}
	return false, h.reasons[slices.Min(parts)]
}
