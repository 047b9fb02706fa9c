package main

import (
	"fmt"
	"time"
)

// unit of a measured value.
type unit string

const (
	unitMicroseconds          unit = "µs/record" // of CPU time
	unitAllocations           unit = "allocations/record"
	unitBytes                 unit = "B/row"
	unitMebibytes             unit = "MiB"
	unitRate                  unit = "records/s"
	unitPercent               unit = "%"
	unitRatio                 unit = "ratio"
	unitMillisecondsPerSecond unit = "ms/s" // of CPU time
	unitMilliseconds          unit = "ms"   // of CPU time
)

// format prints a summary with the digits that mean something.
func (u unit) format(s summary) string {
	digits := 0
	switch u {
	case unitMicroseconds, unitAllocations, unitRatio:
		digits = 2
	case unitBytes, unitPercent, unitMillisecondsPerSecond:
		digits = 1
	}
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, s.Median, digits, s.Min, digits, s.Max)
}

// perRecord is CPU time in microseconds for each of n records.
func perRecord[N int | float64](cpu time.Duration, n N) float64 {
	return float64(cpu) / float64(time.Microsecond) / float64(n)
}
