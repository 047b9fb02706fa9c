package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// mayJoin fails when the cluster does not let this user see the group, so that it is said at the start
// and not waited for. Every other failure is left to joining, which tries again.
func (b *broker) mayJoin(ctx context.Context, group string) error {
	answer, err := b.client.FindCoordinator(ctx, &kafka.FindCoordinatorRequest{Key: group, KeyType: kafka.CoordinatorKeyTypeConsumer})
	if err != nil || !errors.Is(answer.Error, kafka.GroupAuthorizationFailed) {
		return nil //nolint:nilerr // see above
	}
	return fmt.Errorf("%w at %s for group %q: %w; grant Read and Describe on the group", ErrAuthentication, b.addresses, group, answer.Error)
}
