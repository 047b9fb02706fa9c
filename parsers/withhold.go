package parsers

import (
	"fmt"
	"slices"
	"strings"
)

// texts are the members of a row that hold a vendor's free text. All others are numbers, closed
// vocabularies, ids, names of the caller's own, and routes whose ids are masked.
type texts uint8

const (
	textPath texts = 1 << iota
	textTitle
	textMessage // with its template
	textType
	textInstance
	textDetails // the messages of sub-errors; their fields and codes stay
	textBody
	allTexts texts = 1<<iota - 1
)

// TextMembers are the names that Options.Texts accepts.
var TextMembers = []string{"path", "title", "message", "type", "instance", "details", "body"}

// textsNamed returns the allow-list; nil names mean all.
func textsNamed(names []string) (texts, error) {
	if names == nil {
		return allTexts, nil
	}
	var allowed texts
	for _, name := range names {
		i := slices.Index(TextMembers, name)
		if i < 0 {
			return 0, fmt.Errorf("texts: %q is not all, none, or some of %s", name, strings.Join(TextMembers, ", "))
		}
		allowed |= 1 << i
	}
	return allowed, nil
}

// withhold empties the texts that the operator did not allow. Redaction has been through all of them;
// this is for those who want no text of a vendor in their table, whatever a pattern knows. The
// fingerprint stays: it tells kinds of errors apart and cannot be turned back.
func (r *Registry) withhold(row *Row) {
	if r.texts == allTexts {
		return
	}
	for _, member := range [...]struct {
		bit  texts
		text *[]byte
	}{
		{textPath, &row.Path},
		{textTitle, &row.Title},
		{textMessage, &row.Message},
		{textMessage, &row.MessageTemplate},
		{textType, &row.Type},
		{textInstance, &row.Instance},
		{textBody, &row.Body},
	} {
		if r.texts&member.bit == 0 {
			*member.text = nil
		}
	}
	if r.texts&textDetails == 0 {
		for i := range row.Details {
			row.Details[i].Message = nil
			row.Details[i].Code = token(nil, row.Details[i].Code)
			row.Details[i].Field = token(nil, row.Details[i].Field)
		}
	}
	if r.texts&textMessage == 0 {
		row.Code = token(nil, row.Code)
	}
}
