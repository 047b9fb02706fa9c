package redact

// AppendMember is Append for the value of a member of a body: its name counts as in {"password":"…"}.
// Where a sentence is expected, such as what is wrong with a field, a sentence stays, but for the words
// in it that look made by a machine.
func (r *Redactor) AppendMember(dst, name, text []byte) []byte {
	if found := memberSecret(name, text); found.kind != kindNone {
		dst = append(dst, text[:found.start]...)
		return append(dst, marker(found.kind)...)
	}
	if !IsSecretName(name) {
		return r.Append(dst, text)
	}
	return r.appendSentence(dst, text)
}

// IsSecretName reports whether the value of a member of that name is a secret.
func IsSecretName(name []byte) bool {
	names := scanner{text: name}
	class, _ := names.nameBefore(len(name))
	return class != nameOther && class != nameQuery && class != nameCode && class != namePhone
}

// appendSentence redacts a sentence about a secret: "must be a text, was 7hQz-Tn3k".
func (r *Redactor) appendSentence(dst, text []byte) []byte {
	from := 0
	for i := 0; i < len(text); {
		start := i
		for start < len(text) && is(text[start], valueEnd|punctuation) {
			start++
		}
		end := start
		for end < len(text) && !is(text[end], valueEnd) {
			end++
		}
		for end > start && is(text[end-1], punctuation) {
			end--
		}
		if word := text[start:end]; looksMade(word) && markerEnd(text, max(start-1, 0)) == 0 {
			dst = r.Append(dst, text[from:start])
			dst = append(dst, marker(kindSecret)...)
			from = end
		}
		i = end + 1
	}
	return r.Append(dst, text[from:])
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
