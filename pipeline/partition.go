package pipeline

import "github.com/errata-dev/errata/pipeline/fetch"

// What is read comes in the fetcher's terms.
type (
	tp    = fetch.Partition
	span  = fetch.Span
	chunk = fetch.Chunk
)
