package batch

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// Aborted names a transaction that was aborted: its records are nobody's business.
type Aborted struct {
	ProducerID  int64
	FirstOffset int64
}

// newestMarker is the highest type of a control record that ends a transaction: 0 aborts it, 1 commits
// it. Others are not about transactions.
const newestMarker = 1

// Transactions tells which batches of one answer are of aborted transactions. The batches are to be
// shown to it in the order of their offsets.
type Transactions struct {
	pending []Aborted // not begun yet, by first offset
	open    map[int64]bool
}

// Reset begins with a new answer. It sorts aborted, and keeps it.
func (t *Transactions) Reset(aborted []Aborted) {
	slices.SortFunc(aborted, func(a, b Aborted) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	t.pending = aborted
	clear(t.open)
}

// Hides reports whether the data batch b is of an aborted transaction.
func (t *Transactions) Hides(b *Batch) bool {
	t.begin(b.Last())
	return b.Transactional() && t.open[b.ProducerID]
}

// begin opens the transactions that started up to offset.
func (t *Transactions) begin(offset int64) {
	for len(t.pending) > 0 && t.pending[0].FirstOffset <= offset {
		if t.open == nil {
			t.open = map[int64]bool{}
		}
		t.open[t.pending[0].ProducerID] = true
		t.pending = t.pending[1:]
	}
}

// End takes note of the control batch b. A marker ends its producer's transaction, whatever became of it;
// a batch whose marker was compacted away ends nothing.
func (t *Transactions) End(b *Batch, unpacked []byte) error {
	t.begin(b.Last()) // or the end of a transaction that began before this answer would open it
	records, err := b.Records(unpacked)
	if err != nil {
		return err
	}
	var marker Record
	for {
		ok, err := records.Next(&marker)
		if !ok || err != nil {
			return err
		}
		if len(marker.Key) < 4 {
			return fmt.Errorf("%w: the control record at offset %d has a key of %d bytes", ErrMalformed, marker.Offset, len(marker.Key))
		}
		if binary.BigEndian.Uint16(marker.Key[2:]) <= newestMarker {
			delete(t.open, b.ProducerID)
		}
	}
}
