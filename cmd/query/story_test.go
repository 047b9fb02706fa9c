package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/errata-dev/errata/storage"
)

// TestStories reads the lines below storms and limits: they tell what was measured from what was inferred.
func TestStories(t *testing.T) {
	storm := storage.StormRow{Endpoint: "POST /pay", Codes: []string{"overload"}, Operations: 12, Backoff: storage.BackoffFixed, Jitter: true}
	assert.Equal(t, "POST /pay · overload · fixed interval with jitter", stormStory(storm))
	storm.Backoff = storage.BackoffNone
	assert.Equal(t, "POST /pay · overload · no backoff", stormStory(storm))
	storm.ByRate = true
	assert.Equal(t, "POST /pay · overload · told by the rate, 12 calls are usual", stormStory(storm))

	limit := storage.LimitRow{Scope: "vendor", LimitSource: storage.LimitSourceInferred}
	assert.Equal(t, "all endpoints · limit inferred from traffic", limitStory(limit))
	limit.LimitSource = storage.LimitSourceHeader
	assert.Equal(t, "all endpoints", limitStory(limit))
}
