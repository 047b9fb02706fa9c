package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// insertBlocks is how many blocks are inserted; each becomes a part of the table. One merge then reads and
// writes them all.
const insertBlocks = 5

// measureInsert inserts prepared blocks into a table that does not merge, and then has it merge once.
func measureInsert(ctx context.Context, b *bench, s stream, note record) (err error) {
	blocks := b.blocks.of(b, s)
	table, err := b.engine.freshDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.leave(ctx)) }()
	if err := table.stopMerging(ctx); err != nil {
		return err
	}
	engine, err := newMeter(b.engine.server.Pid())
	if err != nil {
		return err
	}
	client, err := costOf(func() error { return insertAll(ctx, table.options, blocks) })
	if err != nil {
		return err
	}
	acknowledged, err := engine.used()
	if err != nil {
		return err
	}
	if err := table.merge(ctx); err != nil {
		return err
	}
	merged, err := engine.used()
	if err != nil {
		return err
	}
	rows := insertBlocks * blocks[0].Rows()
	note("client", unitMicroseconds, perRecord(client.cpu, rows))
	note("client", unitAllocations, float64(client.allocations)/float64(rows))
	note("ClickHouse, until acknowledged", unitMicroseconds, perRecord(acknowledged, rows))
	note("ClickHouse, one merge pass", unitMicroseconds, perRecord(merged-acknowledged, rows))
	return nil
}

func insertAll(ctx context.Context, o storage.Options, blocks []*storage.Block) (err error) {
	writer := storage.NewWriter(o)
	defer func() { err = errors.Join(err, writer.Close()) }()
	for i, block := range blocks {
		now := time.Now().UTC()
		grant := storage.Grant{
			ID:   fmt.Sprintf("bench:%s:%d", o.Database, i),
			Date: now.Truncate(24 * time.Hour), Deadline: now.Add(time.Minute),
		}
		if err := writer.Insert(ctx, block, grant); err != nil {
			return err
		}
	}
	return nil
}

// blockStore keeps a stream's blocks from run to run: inserting leaves them as they are.
type blockStore map[string][]*storage.Block

// of returns the stream's corpus as so many blocks, each at offsets of its own.
func (store *blockStore) of(b *bench, s stream) []*storage.Block {
	if *store == nil {
		*store = blockStore{}
	}
	blocks := (*store)[s.name]
	if blocks == nil {
		for n := range insertBlocks {
			blocks = append(blocks, newBlock(b.registry, b.corpora[s.name], n))
		}
		(*store)[s.name] = blocks
	}
	return blocks
}

func newBlock(registry *parsers.Registry, c *corpus, n int) *storage.Block {
	block := storage.NewBlock()
	var row parsers.Row
	perPartition := c.len()/partitions + 1
	for i := range c.len() {
		rec := c.record(i, int32(i/perPartition), int64(n*perPartition+i%perPartition))
		registry.Parse(&rec, &row)
		block.Append(&row)
	}
	return block
}
