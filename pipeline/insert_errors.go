package pipeline

import (
	"errors"

	"github.com/errata-dev/errata/storage"
)

// isAmbiguous reports whether rows of a failed insert may still arrive. An error that says nothing
// about it is taken to be.
func isAmbiguous(err error) bool {
	var insert *storage.InsertError
	return !errors.As(err, &insert) || insert.Ambiguous
}

// insertClass names the kind of failure for metrics and logs; a closed vocabulary.
func insertClass(err error) string {
	var insert *storage.InsertError
	switch {
	case errors.Is(err, storage.ErrUnreachable):
		return "unreachable"
	case errors.Is(err, storage.ErrAuthentication):
		return "authentication"
	case errors.Is(err, storage.ErrNotMigrated):
		return "schema"
	case !errors.As(err, &insert):
		return "other"
	case insert.Stale:
		return "stale"
	case insert.Poison:
		return "poison"
	case insert.Ambiguous:
		return "unacknowledged"
	}
	return "refused"
}
