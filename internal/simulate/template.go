package simulate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// slot is a placeholder of a template: <uuid>, <hex32>, …
type slot uint8

const (
	slotNone slot = iota
	slotUUID
	slotHex32
	slotHex24
	slotHex16
	slotInt19
	slotInt8
	slotInt3
	slotDate
)

// slotNames lists the placeholders as templates spell them. HTML tags are none of them and stay text.
func slotNames() map[string]slot {
	return map[string]slot{
		"uuid": slotUUID, "hex32": slotHex32, "hex24": slotHex24, "hex16": slotHex16,
		"int19": slotInt19, "int8": slotInt8, "int3": slotInt3, "date": slotDate,
	}
}

// part is literal text followed by a placeholder.
type part struct {
	raw     string
	escaped string // raw, as it stands inside a JSON string
	slot    slot
}

// template is a text with placeholders for ids, compiled once.
type template struct {
	parts  []part
	json   bool   // the text is one JSON value in one line
	packed string // gzip + base64 of one rendering; "" until pack
}

func compile(text string) *template {
	t := &template{}
	names := slotNames()
	rest, literal := text, ""
	for {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(rest[open:], '>')
		if end < 0 {
			break
		}
		s, known := names[rest[open+1:open+end]]
		if !known {
			literal += rest[:open+1]
			rest = rest[open+1:]
			continue
		}
		t.add(literal+rest[:open], s)
		literal, rest = "", rest[open+end+1:]
	}
	t.add(literal+rest, slotNone)
	t.json = json.Valid(t.appendRaw(nil, &ids{})) && !strings.Contains(text, "\n")
	return t
}

func (t *template) add(literal string, s slot) {
	t.parts = append(t.parts, part{raw: literal, escaped: escapeJSON(literal), slot: s})
}

// appendRaw appends the text as it is.
func (t *template) appendRaw(dst []byte, s *ids) []byte {
	for i := range t.parts {
		dst = append(dst, t.parts[i].raw...)
		dst = appendSlot(dst, t.parts[i].slot, s)
	}
	return dst
}

// appendEscaped appends the text as the inside of a JSON string. Placeholders need no escaping.
func (t *template) appendEscaped(dst []byte, s *ids) []byte {
	for i := range t.parts {
		dst = append(dst, t.parts[i].escaped...)
		dst = appendSlot(dst, t.parts[i].slot, s)
	}
	return dst
}

// pack renders the template once and keeps it compressed: compressing per record would cost ten
// times as much as the rest of the record.
func (t *template) pack(z *packer, seed uint64) error {
	packed, err := z.gzip(t.appendRaw(nil, &ids{seed}))
	if err != nil {
		return fmt.Errorf("pack body: %w", err)
	}
	t.packed = base64.StdEncoding.EncodeToString(packed)
	return nil
}

// routeOf turns the template of a path into the route: placeholders become {id}, the query goes.
func (t *template) routeOf() string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.raw)
		if p.slot != slotNone {
			b.WriteString("{id}")
		}
	}
	route, _, _ := strings.Cut(b.String(), "?")
	return route
}

func appendSlot(dst []byte, s slot, from *ids) []byte {
	switch s {
	case slotNone:
		return dst
	case slotUUID:
		return appendUUID(dst, from.next(), from.next())
	case slotHex32:
		return appendHex(appendHex(dst, from.next(), 16), from.next(), 16)
	case slotHex24:
		return appendHex(appendHex(dst, from.next(), 16), from.next(), 8)
	case slotHex16:
		return appendHex(dst, from.next(), 16)
	case slotInt19:
		return appendDigits(append(dst, '8', '9'), from.next()%1e17, 17)
	case slotInt8:
		return appendDigits(dst, 1e7+from.next()%9e7, 8)
	case slotInt3:
		return appendDigits(dst, 100+from.next()%900, 3)
	case slotDate:
		return appendDate(dst, from.next())
	}
	return dst
}

// appendDate appends a day of the years 2020 to 2025.
func appendDate(dst []byte, from uint64) []byte {
	dst = appendDigits(append(dst, '2', '0'), 20+from%6, 2)
	dst = appendDigits(append(dst, '-'), 1+(from>>8)%12, 2)
	return appendDigits(append(dst, '-'), 1+(from>>16)%28, 2)
}
