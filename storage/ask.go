package storage

import "context"

// Top returns the largest groups of errors in the range.
func (db *DB) Top(ctx context.Context, f Filter, o TopOptions) (Answer[TopRow], error) {
	return top(ctx, db.conn, f, o)
}

// Storms returns the retry storms that overlap the range, the one with the most attempts first. It
// looks an hour around the range, to see storms whole, and a day back for ordinary calls.
func (db *DB) Storms(ctx context.Context, f Filter, o StormOptions) (Answer[StormRow], error) {
	return storms(ctx, db.conn, f, o)
}

// Limits returns the windows, overlapping the range, in which vendors throttled us, the one with the
// most rejections first. It looks a day around the range.
func (db *DB) Limits(ctx context.Context, f Filter, o LimitOptions) (Answer[LimitRow], error) {
	return limits(ctx, db.conn, f, o)
}

// Errors returns single responses of one kind, the newest first.
func (db *DB) Errors(ctx context.Context, f Filter, o ErrorsOptions) (Answer[ErrorRow], error) {
	return listErrors(ctx, db.conn, f, o)
}
