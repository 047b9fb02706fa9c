package page

import "bytes"

// hints are what the markup tells about the product, beside the texts.
type hints struct {
	product string
	code    [32]byte // Squid's name of the error
	size    int
	login   bool // the page asks for a password
}

// documentType notes the products that are alone in writing theirs.
func (h *hints) documentType(text []byte) {
	switch {
	case bytes.Contains(text, []byte("//IETF//DTD HTML 2.0//")):
		h.product = "apache"
	case bytes.Contains(text, []byte("//W3C//DTD HTML 3.2 Final//")):
		h.product = "werkzeug"
	case hasPrefix(text, "<!doctype html>\n<html lang=en>\n<title>"):
		h.product = "werkzeug"
	}
}

// element notes what the attributes of an element tell.
func (h *hints) element(name, tag []byte) {
	switch {
	case string(name) == "input":
		h.login = h.login || bytes.Contains(tag, []byte("password"))
	case bytes.Contains(tag, []byte("herokucdn.com")):
		h.product = "heroku"
	case bytes.Contains(tag, []byte("_Incapsula_Resource")):
		h.product = "imperva"
	case bytes.Contains(tag, []byte("text=#000000 bgcolor=#ffffff")):
		h.product = "google"
	case string(name) == "body":
		h.squid(tag)
	}
}

// squid notes the id of the body: ERR_ACCESS_DENIED.
func (h *hints) squid(tag []byte) {
	i := bytes.Index(tag, []byte("ERR_"))
	if i < 0 || !bytes.HasPrefix(bytes.TrimRight(tag[:i], `"'`), []byte("<body id=")) {
		return
	}
	for ; i < len(tag) && h.size < len(h.code) && (isLetter(tag[i]) || tag[i] == '_'); i++ {
		h.code[h.size] = tag[i]
		h.size++
	}
	h.product = "squid"
}
