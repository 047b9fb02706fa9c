package verify

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/pipeline/fetch"
)

// A broker that is away is named, and no method of the client's.
func TestABrokerThatIsAway(t *testing.T) {
	t.Parallel()
	c := Open(pipeline.Options{Brokers: []string{"127.0.0.1:1"}, Topics: []string{"responses"}})
	defer c.Close()
	_, id := c.ID(t.Context())
	_, members := c.Members(t.Context(), "errata")
	_, start := c.Start(t.Context(), fetch.Partition{Topic: "responses"})
	for _, err := range []error{id, members, start} {
		require.ErrorContains(t, err, "127.0.0.1:1")
		require.NotContains(t, err.Error(), "kafka.(*")
	}
}
