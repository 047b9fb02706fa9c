// Package page reads the error pages of servers, proxies, networks and frameworks: what went wrong,
// and which product says so.
//
// It reads HTML as those products write it, in one pass, within bounds and without allocating once
// its memory has grown. It is no HTML parser: it builds no tree, runs no script, applies no style, and
// returns no more of a page than a few sentences. It does not judge whether a page is an error.
package page

// Page is what an error page says. Its texts are valid until the next Read of the same Reader; they
// are on one line, without markup, and bounded.
type Page struct {
	Title   []byte
	Heading []byte // the first heading that says something
	Text    []byte // the first paragraphs

	Message   []byte // the sentence that says most
	Product   string // "nginx", "cloudflare"; empty when the page does not tell
	Code      []byte // the product's own error code; most have none
	RequestID []byte // the product's id of the request
	Category  string // what the code means, in errata's words; empty when the status says it as well
}

// Bounds of what is read and kept of one page.
const (
	maxPage   = 128 << 10 // bytes looked at
	maxBlocks = 48        // pieces of text
	maxBlock  = 512       // bytes of one
	maxText   = 512       // bytes of Page.Text
)

// Reader reads pages. The zero Reader is ready; it is for one goroutine at a time.
type Reader struct {
	html   []byte
	pos    int
	text   []byte // the texts of all blocks
	blocks []block
	from   int  // where the open block begins in text
	kind   kind // of the open block
	blank  bool // a blank was read and not yet written
	hints  hints
}

// kind says what a piece of text is.
type kind uint8

const (
	prose kind = iota
	title
	heading // h1
	second  // h2
	third   // h3 to h6
	pre
)

// block is a piece of text between two tags that begin a line.
type block struct {
	start, end int
	kind       kind
}

// Read reads a page, which is borrowed until it returns.
func (r *Reader) Read(html []byte) Page {
	*r = Reader{html: html[:min(len(html), maxPage)], text: r.text[:0], blocks: r.blocks[:0]}
	for r.pos < len(r.html) && len(r.blocks) < maxBlocks {
		r.next()
	}
	r.flush()
	r.html = nil
	return r.page()
}

// page puts together what the blocks say.
func (r *Reader) page() Page {
	found := signFinder.in(r.text)
	p := Page{Title: r.first(title), Product: r.product(found[0])}
	p.Heading = r.heading()
	p.Code, p.Category = r.code(p.Product)
	p.RequestID = r.requestID(found[1])
	p.Text = r.paragraphs()
	p.Message = r.message(&p)
	return p
}

// of returns the text of a block.
func (r *Reader) of(i int) []byte {
	if i < 0 || i >= len(r.blocks) {
		return nil
	}
	b := r.blocks[i]
	return r.text[b.start:b.end:b.end]
}

// first returns the first text of a kind.
func (r *Reader) first(k kind) []byte {
	for i := range r.blocks {
		if r.blocks[i].kind == k {
			return r.of(i)
		}
	}
	return nil
}

// heading returns the first heading that says more than that there was an error, else the first of all.
func (r *Reader) heading() []byte {
	var any []byte
	for i, b := range r.blocks {
		if b.kind < heading || b.kind > third {
			continue
		}
		text := r.of(i)
		if weigh(text) != weightless {
			return text
		}
		if any == nil {
			any = text
		}
	}
	return any
}

// paragraphs returns the first texts that are neither title nor heading.
func (r *Reader) paragraphs() []byte {
	start := len(r.text)
	for i, b := range r.blocks {
		if b.kind != prose && b.kind != pre {
			continue
		}
		if len(r.text)-start+b.end-b.start > maxText {
			break
		}
		if len(r.text) > start {
			r.text = append(r.text, ' ')
		}
		r.text = append(r.text, r.of(i)...)
	}
	if len(r.text) == start {
		return nil
	}
	return r.text[start:len(r.text):len(r.text)]
}
