package storage

import (
	"fmt"
	"slices"
	"strings"
)

// InsertError says how an insert failed. Whatever it says, only reading back tells which rows are
// there: even a refused insert may have written part of its block.
type InsertError struct {
	ID   string // of the grant
	Addr string // server it was sent to; "" = it was not sent
	Code int32  // of the server's exception; 0 = none

	// Ambiguous: the insert may still be running, or may have been committed. Wait for the deadline
	// and for the query to end before its rows are read back for the last time.
	Ambiguous bool
	// Stale: the table rejected the block because the grant has expired. Nothing was written.
	Stale bool
	// Poison: the server refuses these rows, and will again. Find the row by bisecting.
	Poison bool

	Err error
}

func (e *InsertError) Error() string {
	where := ""
	if e.Addr != "" {
		where = " at " + e.Addr
	}
	return fmt.Sprintf("insert %s%s: %v", e.ID, where, e.Err)
}

// Unwrap returns the cause: ErrUnreachable, ErrAuthentication, ErrNotMigrated, or the driver's error.
func (e *InsertError) Unwrap() error { return e.Err }

const (
	codeThrowIf      = 395 // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
	codeTooManyParts = 252
	staleText        = "stale write"
)

// Exceptions that are about the rows: BAD_ARGUMENTS of a value, parse and conversion errors, a violated
// constraint. From ClickHouse's ErrorCodes.cpp.
var poisonCodes = []int32{6, 26, 27, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 407, 469, 691}

// Exceptions after which the query has ended for certain: no permission or table, no memory or disk,
// too many queries or parts, read-only, shutting down.
var definiteCodes = []int32{
	10, 16, 20, 47, 60, 62, 81, 115, 164, 192, 193, 194, 195, 201, 202, 203, 241, 242, 243, 252, 285, 307, 396, 452, 497, 516,
}

func (e *InsertError) classify(err error) {
	_, message, isException := exceptionOf(err)
	e.Stale = e.Code == codeThrowIf && strings.Contains(message, staleText)
	e.Poison = slices.Contains(poisonCodes, e.Code) || e.Code == codeThrowIf && !e.Stale ||
		e.Code == codeTooManyParts && strings.Contains(message, "partitions")
	e.Ambiguous = !isException || !e.Stale && !e.Poison && !slices.Contains(definiteCodes, e.Code)
}

func codeOf(err error) int32 {
	code, _, _ := exceptionOf(err)
	return code
}
