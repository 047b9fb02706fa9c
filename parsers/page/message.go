package page

import "bytes"

// message returns the sentence that says most: what the product says besides the status, else a
// title or heading that is a sentence, else the status as title or heading.
func (r *Reader) message(p *Page) []byte {
	if own := r.own(p); len(own) > 0 {
		return own
	}
	spoken := r.sentence()
	switch weigh(p.Title) {
	case sentence:
		if isName(p.Title) && speaks(p.Heading) {
			return p.Heading
		}
		return p.Title
	case status:
		if bytes.Count(spoken, []byte(" ")) > 1 {
			return spoken
		}
		return p.Title
	}
	if len(spoken) == 0 && weigh(p.Heading) != status {
		spoken = firstText(r.first(pre), r.firstProse())
	}
	return firstText(spoken, p.Heading, p.Title)
}

// own returns what a product says in a place of its own.
func (r *Reader) own(p *Page) []byte {
	switch p.Product {
	case "cloudflare":
		return r.cloudflare(p)
	case "tomcat":
		return r.tomcat()
	case "jetty":
		return reasonless(r.following("MESSAGE:"))
	case "spring":
		return r.spring()
	case "express", "django":
		return firstText(r.first(pre), r.containing("CSRF verification failed"))
	case "werkzeug":
		return unlike(r.firstProse(), werkzeugTexts[:])
	case "s3":
		return r.labelled("Message: ")
	case "kong", "f5":
		return r.firstProse()
	case "azure":
		return reasonless(p.Heading)
	case "rails":
		if bytes.HasPrefix(p.Title, []byte("Action Controller")) {
			return r.first(second)
		}
	case "iis":
		if bytes.Contains(p.Title, []byte("Detailed Error")) {
			return p.Heading
		}
	}
	return nil
}

// cloudflare has the reason of its own errors in the second heading; of errors of the server behind
// it, in the title.
func (r *Reader) cloudflare(p *Page) []byte {
	if len(p.Code) > 0 {
		return r.first(second)
	}
	if bytes.HasPrefix(p.Title, []byte("Attention Required")) {
		return p.Heading
	}
	return nil
}

// tomcat labels what the application said "Message", and what the status means "Description". Older
// releases put the path, or nothing, into the first.
func (r *Reader) tomcat() []byte {
	message := firstText(r.labelled("Message "), r.labelled("message "))
	if bytes.IndexByte(message, ' ') > 0 || len(message) > 0 && message[0] != '/' && weigh(message) == sentence {
		return message
	}
	if description := r.labelled("description "); bytes.HasPrefix(r.first(title), []byte("Apache Tomcat")) {
		return description
	}
	return nil
}

// spring states the status after a fixed sentence, and after that what the application said.
func (r *Reader) spring() []byte {
	for i := range r.blocks {
		if hasPrefix(r.of(i), "There was an unexpected error") {
			return firstText(unlike(r.of(i+1), springTexts[:]), r.of(i))
		}
	}
	return nil
}

// Sentences that a product writes for every error of one status.
var (
	springTexts   = [...]string{"No message available"}
	werkzeugTexts = [...]string{
		"The browser (or proxy) sent a request", "The server could not verify that you are authorized", "You don't have the permission",
		"The requested URL was not found", "The method is not allowed", "The resource identified by the request", "The server closed the network",
		"A conflict happened", "The requested URL is no longer", "A request with this method", "The precondition on the request",
		"The data value transmitted", "The length of the requested URL", "The server does not support", "The server cannot provide",
		"The request was well-formed but", "This user has exceeded", "The server encountered an internal error", "The proxy server received",
		"The server is temporarily unable", "The connection to an upstream", "This server is a teapot",
	}
)

// unlike returns text unless it begins like one of these.
func unlike(text []byte, begins []string) []byte {
	for _, begin := range begins {
		if hasPrefix(text, begin) {
			return nil
		}
	}
	return text
}

// reasonless returns text unless it only repeats the status.
func reasonless(text []byte) []byte {
	if weigh(text) == sentence {
		return text
	}
	return nil
}

// sentence returns the first heading that says more than the status.
func (r *Reader) sentence() []byte {
	for i, b := range r.blocks {
		text := r.of(i)
		if b.kind >= heading && b.kind <= third && weigh(text) == sentence && !hasPrefix(text, "From RFC ") { // WebLogic quotes it
			return text
		}
	}
	return nil
}

// firstProse returns the first text that is at least two words long and no heading.
func (r *Reader) firstProse() []byte {
	for i, b := range r.blocks {
		if text := r.of(i); b.kind == prose && bytes.IndexByte(text, ' ') > 0 {
			return text
		}
	}
	return nil
}

// containing returns the first text that holds another.
func (r *Reader) containing(text string) []byte {
	for i := range r.blocks {
		if bytes.Contains(r.of(i), []byte(text)) {
			return r.of(i)
		}
	}
	return nil
}

// following returns the text after the one that is a label.
func (r *Reader) following(label string) []byte {
	for i := range r.blocks {
		if string(r.of(i)) == label {
			return r.of(i + 1)
		}
	}
	return nil
}

// labelled returns what follows a label in the same text.
func (r *Reader) labelled(label string) []byte {
	for i := range r.blocks {
		if value, found := bytes.CutPrefix(r.of(i), []byte(label)); found {
			return value
		}
	}
	return nil
}

func firstText(texts ...[]byte) []byte {
	for _, text := range texts {
		if len(text) > 0 {
			return text
		}
	}
	return nil
}
