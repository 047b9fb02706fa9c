//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"testing"
)

func TestEveryShardReachesTheOthers(t *testing.T) {
	t.Parallel()
	const everywhere = "SELECT count() FROM cluster('" + TestClusterName + "', system.one)"
	for _, engine := range TestCluster(t, 2) {
		answer, err := engine.address().query(context.Background(), everywhere)
		if err != nil || answer != "2" {
			t.Errorf("%s = %q, %v", everywhere, answer, err)
		}
	}
}
