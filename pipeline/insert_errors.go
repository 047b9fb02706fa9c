package pipeline

import (
	"errors"

	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// outcomeOf says what a failed insert means for its grants. An error that says nothing about it is
// ambiguous.
func outcomeOf(err error) grant.InsertOutcome {
	var insert *storage.InsertError
	switch {
	case !errors.As(err, &insert):
		return grant.Ambiguous
	case !insert.Sent():
		return grant.Unsent
	case insert.Class == storage.Ambiguous:
		return grant.Ambiguous
	}
	return grant.Ended
}

// isPoison reports whether the table refuses some row of the block, and will again.
func isPoison(err error) bool {
	var insert *storage.InsertError
	return errors.As(err, &insert) && insert.Class == storage.Data
}

// insertClass names the kind of failure for metrics and logs; a closed vocabulary.
func insertClass(err error) string {
	var insert *storage.InsertError
	switch {
	case errors.Is(err, storage.ErrUnreachable):
		return "unreachable"
	case !errors.As(err, &insert):
		return "other"
	case insert.Stale:
		return "stale"
	case insert.Throttle:
		return "too_many_parts"
	}
	return insert.Class.String()
}
