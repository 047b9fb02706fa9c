package page

import "bytes"

// Is reports whether a text is HTML, XHTML included, and not some other XML: by its document type or
// its first element.
func Is(text []byte) bool {
	for range 16 { // comments, instructions and whatever else stands before the first element
		text = bytes.TrimLeft(text, " \t\r\n\ufeff")
		if len(text) < 2 || text[0] != '<' {
			return false
		}
		var end int
		switch {
		case hasPrefixFold(text, "<!doctype"):
			return hasPrefixFold(bytes.TrimLeft(text[len("<!doctype"):], " \t\r\n"), "html")
		case bytes.HasPrefix(text, []byte("<!--")):
			if end = bytes.Index(text, []byte("-->")); end >= 0 {
				end += len("-->") - 1
			}
		case text[1] == '!' || text[1] == '?':
			end = bytes.IndexByte(text, '>')
		default:
			name := tagName(text[1:])
			return isTag(name) && !goesOn(text[1+len(name):])
		}
		if end < 0 {
			return false
		}
		text = text[end+1:]
	}
	return false
}

// tagName returns the name that a tag begins with.
func tagName(tag []byte) []byte {
	for i, c := range tag {
		if !isLetter(c) && (c < '0' || c > '9') {
			return tag[:i]
		}
	}
	return tag
}

// goesOn reports that an element's name does not end here: <a:Error> and <title_error> are other XML.
func goesOn(rest []byte) bool {
	return len(rest) > 0 && bytes.IndexByte([]byte(":_-."), rest[0]) >= 0
}

// isTag knows the elements that pages, and fragments of pages, begin with.
func isTag(name []byte) bool {
	var folded [maxName]byte
	switch string(appendName(folded[:0], name)) {
	case "html", "head", "body", "title", "meta", "link", "style", "script", "h1", "h2", "h3", "p", "div", "span", "center",
		"pre", "br", "hr", "b", "i", "a", "font", "table", "ul", "iframe", "noscript", "form", "strong", "em", "img":
		return true
	}
	return false
}

// maxName is the length of the longest name of an element that means something here.
const maxName = 10

// appendName appends a name in lower case, or nothing when it is too long to be known.
func appendName(dst, name []byte) []byte {
	if len(name) <= maxName {
		for _, c := range name {
			dst = append(dst, lower(c))
		}
	}
	return dst
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// hasPrefixFold is bytes.HasPrefix without regard to ASCII case; prefix is in lower case.
func hasPrefixFold(text []byte, prefix string) bool {
	if len(text) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(text[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// hasPrefix is bytes.HasPrefix for a prefix whose conversion would allocate.
func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}
