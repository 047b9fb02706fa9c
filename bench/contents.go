package main

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed contents.sql
var contentsQuery string

// contents are what a contender has made of a topic.
type contents struct {
	Rows     uint64 `ch:"rows"`
	Statuses uint64 `ch:"statuses"` // sum
	Times    int64  `ch:"times"`    // sum
	Services uint64 `ch:"services"` // different ones

	Failed      uint64 `ch:"failed"`
	WithCode    uint64 `ch:"with_code"`
	WithMessage uint64 `ch:"with_message"`
}

func (d *database) contents(ctx context.Context) (c contents, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"database": d.name}))
	if err := d.engine.admin.QueryRow(ctx, contentsQuery).ScanStruct(&c); err != nil {
		return c, fmt.Errorf("contents of %s: %w", d.name, err)
	}
	return c, nil
}

// sameRecords says whether both were made of the same records. What each understands of an error may differ.
func (c contents) sameRecords(other contents) error {
	if c.Rows != other.Rows || c.Statuses != other.Statuses || c.Times != other.Times || c.Services != other.Services {
		return fmt.Errorf("rows, statuses, times and services are %d, %d, %d, %d; errata's are %d, %d, %d, %d",
			c.Rows, c.Statuses, c.Times, c.Services, other.Rows, other.Statuses, other.Times, other.Services)
	}
	return nil
}

func (c contents) note(note record) {
	if c.Failed == 0 {
		return
	}
	note("errors with a code", unitPercent, 100*float64(c.WithCode)/float64(c.Failed))
	note("errors with a message", unitPercent, 100*float64(c.WithMessage)/float64(c.Failed))
}
