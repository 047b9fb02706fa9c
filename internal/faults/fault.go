package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// fault is one row of the matrix: something that happens to an ingester, a broker, ClickHouse or the network
// between them.
type fault struct {
	id   string // of the fault matrix, F1 to F19
	name string
	what string // one line for a person

	realKafka  bool     // on three brokers of Apache Kafka instead of the broker process
	members    int      // ingesters; 0 = 2
	partitions int32    // 0 = 4
	rate       int      // records per second; 0 = 3,000
	flags      []string // further ones of the ingesters
	lossy      bool     // it takes records away before they are read: a row may be missing if a gap says so
	unreadable bool     // the log holds batches that nobody can read: each of them, and nothing else, must be a gap

	// inject breaks things and mends them again. What it returns is a failure of the ingester under test, or
	// of the trial itself.
	inject func(ctx context.Context, t *trial) error
}

func (f fault) String() string { return f.id + "/" + f.name }

func (f fault) withDefaults() fault {
	if f.members == 0 {
		f.members = 2
	}
	if f.partitions == 0 {
		f.partitions = 4
	}
	if f.rate == 0 {
		f.rate = 3000
	}
	return f
}

// grantTTL is short, so that what waits for a grant's end is seen often.
const grantTTL = 2 * time.Second

// matrix lists all faults, in the order in which they run.
func matrix() []fault {
	var all []fault
	for _, group := range [][]fault{
		ingesterFaults(), brokerFaults(), clickhouseFaults(), networkFaults(), serverErrorFaults(),
		logFaults(), offsetFaults(), poisonFaults(), shutdownFaults(), schemaFaults(), upgradeFaults(),
	} {
		all = append(all, group...)
	}
	return all
}

// choose returns the faults with these ids or names, all of them without any.
func choose(all []fault, only []string) ([]fault, error) {
	if len(only) == 0 {
		return all, nil
	}
	var chosen []fault
	for _, want := range only {
		before := len(chosen)
		for _, f := range all {
			if strings.EqualFold(f.id, want) || strings.EqualFold(f.String(), want) {
				chosen = append(chosen, f)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("%w: there is no fault %q; -list shows them", errUsage, want)
		}
	}
	return chosen, nil
}
