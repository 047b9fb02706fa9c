package storage

import (
	"fmt"
	"slices"
	"strings"
)

// Class says what a failed insert means for what has to be done next. Every class but Ambiguous says that
// the query is over, or never began: its rows can be read back at once.
type Class uint8

// The classes. An exception that is not known is Ambiguous: waiting for nothing costs a grant, not waiting
// costs a duplicate.
const (
	Ambiguous     Class = iota // the insert may still be running, or may have been committed: wait for its deadline and its end
	Later                      // the server cannot at the moment, or was not reached: the same rows, after a pause
	Data                       // the server refuses these rows, and will again: find the row by bisecting
	Configuration              // schema, rights or settings: nothing goes in until somebody mends it
)

var classNames = [...]string{"ambiguous", "later", "data", "configuration"}

func (c Class) String() string { return classNames[c] }

// InsertError says how an insert failed. Whatever it says, only reading back tells which rows are
// there: even a refused insert may have written part of its block.
type InsertError struct {
	ID   string // of the grant
	Addr string // server it was sent to; "" = nothing was sent
	Code int32  // of the server's exception; 0 = none

	Class Class
	// Throttle: the table has too many parts. Insert less often until its merges have caught up. It is Later.
	Throttle bool
	// Stale: the table rejected the block because the grant has expired. Nothing was written. It is Later,
	// under a new grant.
	Stale bool

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

// Sent tells whether anything was sent. If not, there is nothing to read back.
func (e *InsertError) Sent() bool { return e.Addr != "" }

const (
	codeThrowIf      = 395 // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
	codeTooManyParts = 252 // of the table; or too many partitions in one block
	staleText        = "stale write"
	convertingText   = "while converting column" // the block's types are the table's, unless somebody changed the table
)

// classCodes are the exceptions whose meaning is known, by their numbers in ClickHouse's ErrorCodes.cpp.
// Left out on purpose, and so Ambiguous: 159 TIMEOUT_EXCEEDED, 209 and 210 of the network, 216
// QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING, 236 ABORTED, 319 UNKNOWN_STATUS_OF_INSERT, 394
// QUERY_WAS_CANCELLED, 999 KEEPER_EXCEPTION.
var classCodes = map[Class][]int32{
	// Quotas and pools (201, 202, 203, 439, 745), memory (173, 241), read-only replicas and tables (242, 774), disk (243),
	// replicas that lag or are dead (285, 286), parts (252).
	Later: {173, 201, 202, 203, 241, 242, 243, 774, codeTooManyParts, 285, 286, 439, 745},
	// Values that cannot be parsed or converted (6, 26, 27, 38, 41, 69, 70, 72, 117, 131, 321, 349, 407,
	// 691), constraints (469), and throwIf of somebody's view or constraint (395).
	Data: {6, 26, 27, 38, 41, 69, 70, 72, 117, 131, 321, 349, codeThrowIf, 407, 469, 691},
	// Columns and types (10, 16, 20, 43, 44, 47, 48, 50, 53), table and database (60, 81), statement and
	// settings (62, 115, 452), limits of rows and bytes (307, 396), rights and users (164, 192-195, 291,
	// 497, 516).
	Configuration: {10, 16, 20, 43, 44, 47, 48, 50, 53, 60, 62, 81, 115, 164, 192, 193, 194, 195, 291, 307, 396, 452, 497, 516},
}

func classOf(code int32) Class {
	for class, codes := range classCodes {
		if slices.Contains(codes, code) {
			return class
		}
	}
	return Ambiguous
}

// classify judges what came back for a query that was sent.
func (e *InsertError) classify(err error) {
	code, message, isException := exceptionOf(err)
	switch {
	case !isException:
		e.Class = Ambiguous
	case code == codeThrowIf && strings.Contains(message, staleText):
		e.Stale = true
		e.Class = Later
	case code == codeTooManyParts && strings.Contains(strings.ToLower(message), "partitions"):
		e.Class = Data
	case strings.Contains(message, convertingText):
		e.Class = Configuration
	default:
		e.Throttle = code == codeTooManyParts
		e.Class = classOf(code)
	}
}

// classifyUnsent judges why nothing was sent, which is never ambiguous.
func (e *InsertError) classifyUnsent(err error) {
	code, _, isException := exceptionOf(err)
	if class := classOf(code); isException && class == Configuration {
		e.Class = Configuration
		return
	}
	e.Class = Later
}

func codeOf(err error) int32 {
	code, _, _ := exceptionOf(err)
	return code
}
