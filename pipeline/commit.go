package pipeline

import (
	"context"
	"fmt"
)

// commit stores offsets until the coordinator takes them, says that the generation is over
// (errFenced), or ctx ends (errStopped). It uses offsets up.
func (i *Ingester) commit(ctx context.Context, m member, offsets map[tp]int64) error {
	for n := 1; len(offsets) > 0; n++ {
		err := i.broker.commit(ctx, m, offsets)
		if err == nil {
			break
		}
		if isFenced(err) {
			return fmt.Errorf("%w: %w", errFenced, err)
		}
		i.health.set("commit", "offsets cannot be committed: "+err.Error())
		i.quiet.warn(i.log, "commit").Err(err).Msg("offset commit failed, trying again")
		if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
			return errStopped
		}
	}
	i.metrics.commits.Inc()
	i.health.clear("commit")
	return nil
}
