package verify

import (
	"context"
	"math/bits"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/storage"
)

// sums is what the log holds of one bucket: summed up, and offset by offset.
type sums struct {
	span      fetch.Span // of the slice
	bucket    int64      // the current one
	rows      uint64
	digest    uint64
	present   bitset
	expired   bitset // too old to be missed
	checksums [storage.BucketSize]uint32
}

// bitset has a bit for each offset of a bucket.
type bitset [storage.BucketSize / 64]uint64

func (b *bitset) set(i int64)      { b[i>>6] |= 1 << (i & 63) }
func (b *bitset) has(i int64) bool { return b[i>>6]&(1<<(i&63)) != 0 }

// each visits the set bits in order.
func (b *bitset) each(visit func(i int64)) {
	for word, set := range b {
		for ; set != 0; set &= set - 1 {
			visit(int64(word<<6 | bits.TrailingZeros64(set)))
		}
	}
}

// begin starts a slice.
func (s *sums) begin(span fetch.Span) {
	s.span = span
	s.clear(span.From / storage.BucketSize)
}

// clear starts a bucket. The checksums of absent offsets are not looked at.
func (s *sums) clear(bucket int64) {
	s.bucket, s.rows, s.digest = bucket, 0, 0
	s.present, s.expired = bitset{}, bitset{}
}

// add takes a record of the current bucket.
func (s *sums) add(r Record, oldest int64) {
	at := r.Offset % storage.BucketSize
	s.rows++
	s.digest ^= storage.DigestOf(r.Offset, r.Checksum)
	s.present.set(at)
	s.checksums[at] = r.Checksum
	if r.Timestamp > 0 && r.Timestamp < oldest {
		s.expired.set(at)
	}
}

// covers is the part of the current bucket that belongs to the slice.
func (s *sums) covers() fetch.Span {
	first := s.bucket * storage.BucketSize
	return fetch.Span{From: max(first, s.span.From), To: min(first+storage.BucketSize, s.span.To)}
}

// settleUntil compares the current bucket and those after it that end at or before offset.
func (v *Verifier) settleUntil(ctx context.Context, offset int64) error {
	for v.logged.covers().Len() > 0 && v.logged.covers().To <= offset {
		if err := v.settle(ctx); err != nil {
			return err
		}
		v.logged.clear(v.logged.bucket + 1)
	}
	return nil
}

// settle compares the current bucket.
func (v *Verifier) settle(ctx context.Context) (err error) {
	have := v.expected[v.logged.bucket]
	if have.Rows == v.logged.rows && have.Offsets == have.Rows && have.Digest == v.logged.digest {
		return nil
	}
	at := v.logged.covers()
	if v.stored, err = v.Table.StoredOffsets(ctx, v.stream, at.From, at.To, v.stored[:0]); err != nil {
		return err
	}
	absent := v.logged.present
	for _, o := range v.stored {
		v.judge(o)
		i := o.Offset % storage.BucketSize
		absent[i>>6] &^= 1 << (i & 63)
	}
	absent.each(v.miss)
	return nil
}

// judge looks at an offset that has a row. A row whose record the log does not have, because it was
// compacted away since, is no fault.
func (v *Verifier) judge(o storage.StoredOffset) {
	if o.Copies > 1 {
		v.result.Surplus += int64(o.Copies) - 1
		v.find(Surplus, o.Offset, o.Offset+1, int64(o.Copies)-1)
	}
	i := o.Offset % storage.BucketSize
	if sum := v.logged.checksums[i]; v.logged.present.has(i) && (o.Low != sum || o.High != sum) {
		v.result.Different++
		v.find(Different, o.Offset, o.Offset+1, 1)
	}
}

func (v *Verifier) miss(i int64) {
	if v.logged.expired.has(i) {
		v.result.Expired++
		return
	}
	offset := v.logged.bucket*storage.BucketSize + i
	v.result.Missing++
	v.find(Missing, offset, offset+1, 1)
}

// find adds to the open run of the kind, or ends it and opens another.
func (v *Verifier) find(kind Kind, from, to, rows int64) {
	if f := v.open[kind]; f != nil && f.To == from {
		f.To, f.Rows = to, f.Rows+rows
		return
	}
	v.close(kind)
	p := v.result.Partition
	v.open[kind] = &Finding{Topic: p.Topic, Partition: p.ID, Kind: kind, From: from, To: to, Rows: rows}
}

func (v *Verifier) close(kind Kind) {
	if f := v.open[kind]; f != nil && v.Found != nil {
		v.Found(*f)
	}
	v.open[kind] = nil
}

// flush ends the runs of the partition.
func (v *Verifier) flush() {
	for _, kind := range []Kind{Missing, Surplus, Different, Unreadable} {
		v.close(kind)
	}
}
