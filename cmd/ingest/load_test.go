package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/errata-dev/errata/pipeline"
)

// TestSummary reads the line at the end of a load: a small file is the first that anybody tries.
func TestSummary(t *testing.T) {
	f := func(stats pipeline.Stats, want string) {
		t.Helper()
		var out bytes.Buffer
		summary{stats: stats, elapsed: 2 * time.Second}.print(&out)
		assert.Contains(t, out.String(), want)
	}
	f(pipeline.Stats{Records: 1, Successes: 1}, "1 record in 2s (0 records/s): 0 errors, 1 success, 0 dead letters\n")
	f(pipeline.Stats{Records: 2, Errors: 1, DeadLetters: 1}, "2 records in 2s (1 record/s): 1 error, 0 successes, 1 dead letter\n")
	f(pipeline.Stats{Records: 4200, Errors: 1200, Successes: 3000}, "4,200 records in 2s (2,100 records/s): 1,200 errors, 3,000 successes, 0 dead letters\n")
}
