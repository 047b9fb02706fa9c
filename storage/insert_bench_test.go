package storage

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

// BenchmarkInsert fills and inserts blocks of 100,000 rows over the wire, and reports the CPU time that
// a row takes on either side. Merges are not included.
func BenchmarkInsert(b *testing.B) {
	ctx := context.Background()
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Skipf("needs ClickHouse: %v", err)
	}
	b.Cleanup(func() { require.NoError(b, engine.Close()) })
	o, err := ParseURL(engine.URL())
	require.NoError(b, err)
	m := tableMeter{db: openAt(b, engine.URL()), pid: engine.Pid()}
	require.NoError(b, m.db.Migrate(ctx, nil))
	m.exec(b, "ALTER TABLE responses MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1")
	for _, errorsPerHundred := range []int{5, 100} {
		b.Run(fmt.Sprintf("errors=%d%%", errorsPerHundred), func(b *testing.B) {
			rows := sampleRows(100_000, errorsPerHundred)
			block, w := NewBlock(), NewWriter(o)
			defer func() { require.NoError(b, w.Close()) }()
			fill(block, rows)
			server, client, inserted := m.cpu(b), ownCPU(b), 0
			for b.Loop() {
				fill(block, rows)
				require.NoError(b, w.Insert(ctx, block, testGrant(b)))
				inserted += block.Rows()
			}
			perRow := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(inserted) }
			b.ReportMetric(perRow(m.cpu(b)-server), "server-µs/row")
			b.ReportMetric(perRow(ownCPU(b)-client), "client-µs/row")
		})
	}
}

// ownCPU is what this process has used so far.
func ownCPU(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
