package storage

import "github.com/errata-dev/errata/parsers"

// rowIDs are the identifiers of one row as they are stored, and what else does not fit its column.
type rowIDs struct {
	trace                  []byte // the trace id, where it does not fit its column
	logTime                int64  // when the log was received, where that does not fit its column
	request, vendorRequest packedID
}

// packIDs packs the request ids of a row.
func packIDs(row *parsers.Row) (ids rowIDs) {
	ids.request.pack(row.RequestID)
	ids.vendorRequest.pack(row.VendorRequestID)
	return ids
}

// packedID is an id as bytes: hex digits and UUIDs take half of their text, which nothing compresses. The zero
// value is an id that is not packed.
type packedID struct {
	bytes [16]byte
	form  idForm
}

// idForm is how packed bytes become text again. It can be compared.
type idForm struct {
	size       uint8 // of the bytes
	uuid       bool  // the text is that of a UUID
	prefixSize uint8
	prefix     [maxIDPrefix]byte // of the text, before the hex digits
}

func (p *packedID) packed() bool { return p.form.size > 0 }

// appendTo appends the packed bytes.
func (p *packedID) appendTo(dst []byte) []byte { return append(dst, p.bytes[:p.form.size]...) }

// The shortest run of hex digits that is packed, and the longest prefix before it. The prefix is kept with what
// many rows share, so that it must not differ from row to row: one with a digit may.
const (
	minHexDigits = 8
	maxIDPrefix  = 16
)

// pack packs text where it ends in lower-case hex digits, behind at most a short prefix, or is a lower-case UUID.
// Any other text, and any prefix that would have to be escaped, stays as it is.
func (p *packedID) pack(text []byte) {
	if p.packUUID(text) {
		return
	}
	start := len(text)
	for start > 0 && nibbles[text[start-1]] < 16 && len(text)-start < 2*len(p.bytes) {
		start--
	}
	start += (len(text) - start) & 1
	if len(text)-start < minHexDigits || !isIDPrefix(text[:start]) {
		return
	}
	p.form.prefixSize = uint8(copy(p.form.prefix[:], text[:start]))
	unhex(p.bytes[:], text[start:])
	p.form.size = uint8((len(text) - start) / 2)
}

func isIDPrefix(text []byte) bool {
	for _, c := range text {
		if c != '_' && c != '-' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(text) <= maxIDPrefix
}

// uuidLength is that of a UUID as text, with a dash after 8, 12, 16 and 20 digits.
const uuidLength = 36

func (p *packedID) packUUID(text []byte) bool {
	if len(text) != uuidLength || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return false
	}
	hex := unhex(p.bytes[0:4], text[:8]) && unhex(p.bytes[4:6], text[9:13]) && unhex(p.bytes[6:8], text[14:18]) && unhex(p.bytes[8:10], text[19:23]) && unhex(p.bytes[10:], text[24:])
	if hex {
		p.form.size, p.form.uuid = uint8(len(p.bytes)), true
	}
	return hex
}

// unhex packs an even number of lower-case hex digits. It reports whether they are.
func unhex(dst, digits []byte) bool {
	var invalid byte
	for i := range len(digits) / 2 {
		high, low := nibbles[digits[2*i]], nibbles[digits[2*i+1]]
		dst[i] = high<<4 | low
		invalid |= high | low
	}
	return invalid < 16
}
