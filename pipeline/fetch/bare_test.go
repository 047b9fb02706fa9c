package fetch

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a broker that is away says is read by people: no method of the client's is in it.
func TestMessagesNameNoMethod(t *testing.T) {
	t.Parallel()
	config := quick(t, []string{"127.0.0.1:1"})
	_, layout := config.leaders(t.Context())
	_, first := config.first(t.Context(), Partition{testTopic, 0})
	for _, err := range []error{layout, first} {
		require.ErrorContains(t, err, "127.0.0.1:1")
		require.NotContains(t, err.Error(), "kafka.(*")
	}
}
