package storage

import "github.com/errata-dev/errata/parsers"

// A parser numbers what it knows again: callers, and verdicts on bodies. For rows of one caller a block looks up its six
// names once, which spares 0.13 µs of each row, a third of a success; for errors of one verdict it writes their common
// facts once, which spares an error another 0.1 µs.

// seenRows is how many numbers of either kind a block remembers; a topic has some hundred. They are given one after the
// other, so that the last so many do not meet in one place.
const seenRows = 1024

type seen struct {
	callers  [seenRows]seenCaller
	verdicts [seenRows]seenVerdict
}

// seenCaller are the indexes of a caller's names.
type seenCaller struct {
	number                                                uint64
	service, environment, credential, method, host, route uint32
}

// seenVerdict is the index of an error's common facts, which tell the form of the request ids as well.
type seenVerdict struct {
	number                 uint64
	commonFacts            uint32
	request, vendorRequest idForm
}

// caller returns the indexes of a row's names.
func (b *Block) caller(row *parsers.Row) *seenCaller {
	k := &b.seen.callers[row.Caller%seenRows]
	if k.number != row.Caller || k.number == 0 {
		*k = seenCaller{
			row.Caller, b.service.index(row.Service), b.environment.index(row.Environment), b.credential.index(row.Credential),
			b.method.index(row.Method), b.host.index(row.Host), b.route.index(row.Route),
		}
	}
	return k
}

// common returns the index of an error's common facts, unless they have no place in the dictionary.
func (b *Block) common(row *parsers.Row, ids *rowIDs) (index uint32, ok bool) {
	k := &b.seen.verdicts[row.Verdict%seenRows]
	if row.Verdict != 0 && k.number == row.Verdict && k.request == ids.request.form && k.vendorRequest == ids.vendorRequest.form {
		return k.commonFacts, true
	}
	b.scratch = appendCommonFacts(b.scratch[:0], row, ids)
	if len(b.scratch) > maxCommonFactsBytes || len(b.commonFacts.spans) >= maxCommonFacts && !b.commonFacts.has(b.scratch) {
		return 0, false
	}
	*k = seenVerdict{row.Verdict, b.commonFacts.index(b.scratch), ids.request.form, ids.vendorRequest.form}
	return k.commonFacts, true
}
