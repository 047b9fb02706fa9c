package fetch

import (
	"errors"
	"strings"
)

// Bare leaves out the name of kafka-go's method, which says nothing to who reads the message.
func Bare(err error) error {
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "kafka.(*Client).") {
		return inner
	}
	return err
}
