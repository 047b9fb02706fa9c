package redact

// AppendMember is Append for the value of a member of a body: its name counts as in {"password":"…"}.
// Where a sentence is expected, such as what is wrong with a field, a sentence stays.
func (r *Redactor) AppendMember(dst, name, text []byte) []byte {
	if found := memberSecret(name, text); found.kind != kindNone {
		dst = append(dst, text[:found.start]...)
		return append(dst, marker(found.kind)...)
	}
	return r.Append(dst, text)
}

// memberSecret finds the value of a member with a telling name: all of it, behind the scheme of a
// credential if there is one.
func memberSecret(name, text []byte) span {
	names := scanner{text: name}
	class, _ := names.nameBefore(len(name))
	if class == nameOther || class == nameQuery || class == nameCode {
		return span{}
	}
	s := scanner{text: text}
	v := value{end: len(text), form: formQuoted}
	found := span{kind: class.kind()}
	if class == nameToken {
		if v = s.afterScheme(v); v.scheme != kindNone {
			found.kind = v.scheme
		}
	}
	sentence := class != nameCookie && countIn(text[v.start:], blank) > 0
	if v.start >= len(text) || sentence || markerEnd(text, v.start) == len(text) || !s.holds(v, class) {
		return span{}
	}
	found.start, found.end = v.start, len(text)
	return found
}
