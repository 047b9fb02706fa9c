package lenient

import "bytes"

// ParseForm reads pairs as HTML forms and query strings write them, `a=1&b=two+words`, into an object
// of strings: one member for each pair, names and values decoded. Names with brackets stay names. A
// pair without a name is left out. An escape that is none stands for itself, as does one that is cut.
//
// It fails, with ErrNoDocument, when there is no pair. Whether a text is meant as a form is for the
// caller to say: nearly every text can be read as one.
func (d *Doc) ParseForm(src []byte) error {
	d.reset(src)
	d.frames[0] = frame{node: d.add(Object, 0, len(d.src), 0)}
	d.depth = 1
	for pos := 0; pos < len(d.src) && len(d.nodes) < maxNodes; {
		end := bytes.IndexByte(d.src[pos:], '&')
		if end < 0 {
			end = len(d.src) - pos
		}
		d.pair(pos, pos+end)
		pos += end + 1
	}
	d.depth = 0
	if d.nodes[0].count == 0 {
		d.nodes = d.nodes[:0]
		return ErrNoDocument
	}
	d.truncated = d.truncated || len(d.nodes) >= maxNodes
	return nil
}

// CutLast notes that the text went on after the form that was read: its last value is not whole.
func (d *Doc) CutLast() {
	d.truncated = true
	if last := len(d.nodes) - 1; last > 0 {
		d.nodes[last].flags |= cut
	}
}

// pair adds the pair within these bounds.
func (d *Doc) pair(start, end int) {
	name, value, found := bytes.Cut(d.src[start:end], []byte("="))
	if name = trimBlanks(name); !found || len(name) == 0 {
		return
	}
	from := len(d.arena)
	d.arena = appendPercent(d.arena, name)
	d.name = newSpan(from, len(d.arena)) | inArena
	from = len(d.arena)
	d.arena = appendPercent(d.arena, value)
	i := d.add(String, end-len(value), end, 0)
	d.texts = append(d.texts, newSpan(from, len(d.arena)))
	d.nodes[i].count = int32(len(d.texts))
}

// appendPercent appends b decoded, valid UTF-8.
func appendPercent(dst, b []byte) []byte {
	start := len(dst)
	broken := false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(b) && hexDigits(b[i+1:i+3]) == 2:
			c = hexValue(b[i+1])<<4 | hexValue(b[i+2])
			i += 2
		}
		broken = broken || c >= 0x80
		dst = append(dst, c)
	}
	if !broken {
		return dst
	}
	return mendFrom(dst, start)
}
