// Package parsers turns one HTTP response log into one normalized Row.
//
// It is pure: bytes in, a row out. It never reads a clock, dials, logs, or fails: a record that
// cannot be decoded becomes a dead letter with its reason. It imports no Kafka, ClickHouse or
// logging package.
package parsers

// Record is one Kafka record, or one line of a file, as read.
type Record struct {
	Value     []byte // borrowed; Parse does not write to it
	Source    string
	Topic     string
	Partition int32
	Offset    int64
	LogTime   int64 // broker timestamp, Unix milliseconds; 0 = none
}

// Options of a Registry.
type Options struct {
	// HashKey keys the operation hash; paths hold phone numbers. The zero key is for offline use.
	HashKey [32]byte
}

// Registry holds the compiled vendor definitions. It is immutable and safe for concurrent use.
type Registry struct {
	options Options
}

// scratch is the reused working memory of one Row.
type scratch struct{}
