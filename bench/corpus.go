package main

import "github.com/errata-dev/errata/parsers"

// maxCorpus bounds the records that are held in memory; a block of the ingester is as large.
const maxCorpus = 100_000

// corpus is a stream's records in memory, for the parts that need no broker.
type corpus struct {
	values []byte
	ends   []int // the i-th record is values[ends[i-1]:ends[i]]
	errors int
}

func newCorpus(s stream, n int) (*corpus, error) {
	from, err := s.source(min(n, maxCorpus))
	if err != nil {
		return nil, err
	}
	c := &corpus{}
	var buf []byte
	for {
		value, failed, ok := from.next(buf)
		if !ok {
			return c, nil
		}
		buf = value
		c.values = append(c.values, value...)
		c.ends = append(c.ends, len(c.values))
		if failed {
			c.errors++
		}
	}
}

func (c *corpus) len() int { return len(c.ends) }

// start is where the i-th record begins.
func (c *corpus) start(i int) int {
	if i == 0 {
		return 0
	}
	return c.ends[i-1]
}

func (c *corpus) value(i int) []byte {
	return c.values[c.start(i):c.ends[i]:c.ends[i]]
}

// record returns the i-th record as if it lay at an offset of a partition.
func (c *corpus) record(i int, partition int32, offset int64) parsers.Record {
	return parsers.Record{
		Value: c.value(i), Source: "bench", Topic: "bench", Partition: partition, Offset: offset,
		LogTime: streamEnd().UnixMilli(),
	}
}
