package parsers

import "github.com/errata-dev/errata/parsers/lenient"

// har reads an entry of an HTTP archive, or the entries of a whole archive.
func (t *translation) har(_ *scratch, root lenient.Node) {
	entries := root.Get("log").Get("entries")
	if entries.Kind() == lenient.Absent {
		t.entry(root)
		return
	}
	for n := entries.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if !t.entry(n) {
			return
		}
	}
}

// entry drafts one entry and reports whether further ones are wanted.
func (t *translation) entry(entry lenient.Node) bool {
	d := t.begin()
	request, response := entry.Get("request"), entry.Get("response")
	d.time = value{node: entry.Get("startedDateTime")}.text()
	if ms, ok := entry.Get("time").Float(); ok {
		d.durationMS = ms
	}
	d.method = request.Get("method").Text()
	if url := request.Get("url"); !url.Cut() {
		d.url = url.Text()
	}
	d.pairs(&d.request, request.Get("headers"))
	d.status = response.Get("status").Text()
	d.failure = first(response.Get("_error").Text(), entry.Get("_error").Text())
	if len(d.failure) == 0 && string(d.status) == "0" {
		d.failure = []byte("no response") // a browser does not say why
	}
	d.pairs(&d.answer, response.Get("headers"))
	content := response.Get("content")
	if text := content.Get("text"); string(content.Get("encoding").Text()) == "base64" {
		d.base64, d.bodyCut = text.Text(), text.Cut()
	} else {
		d.setBody(value{node: text})
	}
	if !d.isResponse() {
		return true
	}
	return t.done()
}

// pairs notes headers that are a list of names and values.
func (d *draft) pairs(of *[]byte, list lenient.Node) {
	for n := list.First(); n.Kind() != lenient.Absent; n = n.Next() {
		d.header(of, n.Get("name").Text(), value{node: n.Get("value")})
	}
}
