package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// printJSON writes one object, indented when a person reads it.
func printJSON(buf *bytes.Buffer, whole any, o Options) error {
	text, err := marshal(whole)
	if err != nil {
		return err
	}
	if o.Interactive {
		if err := json.Indent(buf, text, "", "  "); err != nil {
			return fmt.Errorf("indent: %w", err)
		}
	} else {
		buf.Write(text)
	}
	buf.WriteByte('\n')
	return nil
}

func printJSONLines(buf *bytes.Buffer, t *Table) error {
	for i, r := range t.rows {
		line, err := marshal(r.source)
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		buf.Write(line)
		buf.WriteByte('\n')
	}
	return nil
}

// marshal is json.Marshal without its HTML escapes, and with escapes for the characters that steer
// terminals: encoding/json escapes only those below a blank.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("marshal: %w", err)
	}
	return EscapeJSON(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}

// EscapeJSON replaces harmful characters, which can only stand in strings.
func EscapeJSON(text []byte) []byte {
	dst := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r >= 0x7f && harmful(r) {
			dst = appendUnicode(dst, r)
		} else {
			dst = append(dst, text[:size]...)
		}
		text = text[size:]
	}
	return dst
}

// appendUnicode writes a character as JSON escapes, two for those beyond the basic plane.
func appendUnicode(dst []byte, r rune) []byte {
	if r < 0x10000 {
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	r -= 0x10000
	return fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
}
