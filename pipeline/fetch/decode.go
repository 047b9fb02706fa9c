package fetch

import (
	"errors"
	"fmt"
	"slices"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
)

var (
	errNothing   = errors.New("the broker's answer holds no record at or after the asked offset")
	errNewEpoch  = errors.New("another leader has appended the batch")
	errBeyond    = errors.New("the batch lies beyond the end of the log")
	errRecreated = errors.New("the topic was re-created: what the log holds is not what was read from it before")
)

// fault is why a partition's share of an answer could not be decoded to its end.
type fault struct {
	reason error
	span   Span // of the batch, from the position on; empty = what the batch says is not to be trusted
}

// decoding turns partitions' shares of answers into chunks. It is one loop's.
type decoding struct {
	budget    *Budget
	decoder   *batch.Decoder
	open      batch.Transactions
	record    batch.Record
	maxRecord int // bytes
	maxBatch  int // bytes

	reserved int  // bytes of the budget that this answer may take
	taken    int  // of them, by the answer itself and by the chunks that are done
	held     int  // of them, by the chunks that are done
	largest  int  // bytes that the largest batch of the share needs
	tight    bool // something found no room
}

// decode fills c, which is empty and stands at r.next, with what share holds, up to the first batch that
// does not decode or finds no room. Afterwards the span accounts for all batches before, and r is after it.
func (d *decoding) decode(c *Chunk, r *reading, share *part) *fault {
	d.open.Reset(share.aborted)
	d.largest = 0
	verified := r.verify
	var b batch.Batch
	var err error
	data := share.records
	for len(data) > 0 && err == nil {
		if b, err = d.next(c, r, share, data); err == nil {
			data = data[b.Size:]
		}
	}
	d.finish(c, r, len(share.records)-len(data))
	switch {
	case err == nil && (len(share.records) == 0 || c.Span.Len() > 0 || r.verify != verified):
		return nil
	case err == nil:
		return &fault{reason: errNothing}
	case errors.Is(err, batch.ErrNoRoom):
		d.tight = true
		return nil
	case errors.Is(err, batch.ErrPartial) && c.Span.Len() > 0:
		return nil
	case errors.Is(err, errBeyond) && c.Span.Len() > 0:
		return nil // a broker reads the end first, and then the records: the next answer knows better
	case errors.Is(err, errNewEpoch):
		return nil
	case errors.Is(err, batch.ErrPartial) && r.want < max(b.Size, unknownBatch):
		r.want = max(b.Size, unknownBatch)
		return nil
	}
	return &fault{err, d.trusted(&b, err, Span{c.Span.To, share.high})}
}

// unknownBatch is what is asked for when not even the header of the next batch fitted into an answer.
const unknownBatch = 64 << 10

// finish moves r on to where c ends, which took so many bytes as sent.
func (d *decoding) finish(c *Chunk, r *reading, packed int) {
	r.room = max(r.room, d.largest)
	if c.Span.Len() == 0 {
		return
	}
	r.next, r.want, r.room, r.size, r.packed = c.Span.To, 0, d.largest, len(c.values), packed
	if n := len(c.Records); n > 0 {
		r.last = c.Mark(n - 1)
	}
}

// expected returns how many bytes of values share is likely to have: it may be as well compressed as the
// last one was. Then half of what is left is for unpacking: it may be far less so.
func (d *decoding) expected(r *reading, share *part) int {
	n, most := len(share.records), d.left(&Chunk{})
	if r.size > r.packed {
		n, most = max(n, int(int64(n)*int64(r.size)/int64(max(1, r.packed))*17/16)), most/2
	}
	return min(n, most)
}

// next reads the batch at the beginning of data into c.
func (d *decoding) next(c *Chunk, r *reading, share *part, data []byte) (batch.Batch, error) {
	b, err := batch.Next(data)
	switch {
	case errors.Is(err, batch.ErrPartial) && b.Size > d.maxBatch && len(data) < batch.HeaderBytes:
		return batch.Batch{}, err
	case b.Size > d.maxBatch && (err == nil || errors.Is(err, batch.ErrPartial)):
		return b, fmt.Errorf("%w of %d bytes", batch.ErrTooLarge, d.maxBatch)
	case err != nil:
		return b, err //nolint:wrapcheck // it names what is wrong; who reports it adds the offsets
	case b.Last() >= share.high:
		return b, errBeyond
	case b.LeaderEpoch >= 0 && b.LeaderEpoch < r.epoch:
		return b, errRecreated
	case c.Span.Len() == 0 && r.startsEpoch(b.LeaderEpoch):
		return b, errNewEpoch
	}
	if err := d.batch(c, r, &b); err != nil {
		return b, err
	}
	r.epoch = max(r.epoch, b.LeaderEpoch)
	if r.verify.Known && b.Last() >= r.verify.Offset {
		r.verify.Known = false // it is the same one, or compaction took it
	}
	return b, nil
}

// batch adds what readers may see of b to c: not the markers, nor what was aborted.
func (d *decoding) batch(c *Chunk, r *reading, b *batch.Batch) error {
	switch {
	case b.Control():
		unpacked, err := d.unpack(c, b)
		if err != nil {
			return err
		}
		if err := d.open.End(b, unpacked); err != nil {
			return err //nolint:wrapcheck // as above
		}
	case d.open.Hides(b):
	case b.Last() >= c.Span.To || r.verify.Known:
		unpacked, err := d.unpack(c, b)
		if err != nil {
			return err
		}
		if err := d.records(c, r, b, unpacked); err != nil {
			return err
		}
	}
	c.Span.To = max(c.Span.To, b.Last()+1)
	return nil
}

// unpack returns b's records.
func (d *decoding) unpack(c *Chunk, b *batch.Batch) ([]byte, error) {
	for {
		room := d.decoder.Held() + d.left(c)
		unpacked, err := d.decoder.Unpack(b, room)
		switch {
		case err == nil:
			return unpacked, nil
		case !errors.Is(err, batch.ErrNoRoom):
			return nil, err //nolint:wrapcheck // as above
		case !d.more(c, max(room, b.Packed())):
			d.largest = max(d.largest, 4*max(room, b.Packed()))
			return nil, err //nolint:wrapcheck // as above
		}
	}
}

// place makes room in c for b's records of so many bytes in all.
func (d *decoding) place(c *Chunk, b *batch.Batch, unpacked int) error {
	count := int(b.Count)
	values, records := max(0, unpacked-cap(c.values)+len(c.values)), max(0, count-cap(c.Records)+len(c.Records))
	need := unpacked + recordBytes*count
	if b.Compressed() {
		need += d.decoder.Held()
	}
	d.largest = max(d.largest, need)
	if short := values + recordBytes*records - d.left(c); short > 0 && !d.more(c, short) {
		return batch.ErrNoRoom
	}
	c.values = extended(c.values, unpacked, d.left(c)-recordBytes*records)
	c.Records = extended(c.Records, count, d.left(c)/recordBytes)
	return nil
}

// extended returns s with room for n more elements, and for up to spare more than that, so that it does
// not have to be moved each time.
func extended[T any](s []T, n, spare int) []T {
	if n <= cap(s)-len(s) {
		return s
	}
	size := max(len(s)+n, min(2*cap(s), cap(s)+spare))
	return append(make([]T, 0, size), s...)
}

// left returns how many bytes are left of those that are reserved.
func (d *decoding) left(c *Chunk) int {
	return max(0, d.reserved-d.taken-d.decoder.Held()-int(c.Size()))
}

// more takes n bytes more, if they are free, for the first batch of an answer. The others can wait.
func (d *decoding) more(c *Chunk, n int) bool {
	if d.held > 0 || c.Span.Len() > 0 || !d.budget.Try(int64(n)) {
		return false
	}
	d.reserved += n
	return true
}

// records copies b's records into c, or none of them.
func (d *decoding) records(c *Chunk, r *reading, b *batch.Batch, unpacked []byte) error {
	before, bytes := len(c.Records), len(c.values)
	records, err := b.Records(unpacked)
	if err == nil {
		err = d.place(c, b, len(unpacked))
	}
	for ok := err == nil; ok && err == nil; {
		if ok, err = records.Next(&d.record); ok && err == nil {
			err = d.copy(c, r)
		}
	}
	if err != nil {
		c.Records, c.values = c.Records[:before], c.values[:bytes]
	}
	return err //nolint:wrapcheck // as above
}

// copy adds d.record to c, unless it lies before: a broker answers with whole batches.
func (d *decoding) copy(c *Chunk, r *reading) error {
	record := &d.record
	if r.verify.Known && record.Offset == r.verify.Offset && Checksum(record.Value) != r.verify.Checksum {
		return errRecreated
	}
	if record.Offset < c.Span.To {
		return nil
	}
	size := min(len(record.Value), d.maxRecord)
	c.values = append(c.values, record.Value[:size]...)
	c.Records = append(c.Records, Record{record.Offset, record.Timestamp, int32(len(c.values)), size < len(record.Value)})
	return nil
}

// trusted returns the offsets that b, which failed with err, accounts for, of those that are left to read,
// or none if that cannot be relied on: its base offset is under no checksum, and with a wrong one nothing is.
func (d *decoding) trusted(b *batch.Batch, err error, left Span) Span {
	untold := []error{batch.ErrLength, batch.ErrFormat, batch.ErrPartial, errRecreated}
	span := Span{max(b.Base, left.From), b.Last() + 1}
	switch {
	case slices.ContainsFunc(untold, func(target error) bool { return errors.Is(err, target) }):
		return Span{}
	case !b.Plausible() || span.Len() <= 0 || span.To > left.To:
		return Span{}
	case errors.Is(err, batch.ErrOldFormat): // its one offset is that of the last record
		span.From = left.From
	case b.Base > left.From && (errors.Is(err, batch.ErrChecksum) || b.Size > d.maxBatch):
		return Span{} // who knows what lies between
	}
	return span
}
