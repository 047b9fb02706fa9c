package parsers

// Advice is what a vendor's documentation says about one error.
type Advice struct {
	Category Category // CategoryNone: the status decides
	Retry    Retry    // RetryNone: the vendor says nothing
	Advice   string   // what to do, one or two sentences; may be empty
	Link     string   // the public documentation page; may be empty
	Limit    int64    // the quota that is spent: requests …
	WindowS  int64    // … per so many seconds; both 0 when the documentation does not say
}

// VendorInfo describes one vendor for lists and for the documentation.
type VendorInfo struct {
	Name  string   // as in Row.Vendor
	Title string   // as the vendor writes it
	Hosts []string // api.example.com, or *.example.com for all hosts below it
	Docs  string   // the public documentation of its errors
	Codes int      // documented entries in the catalogue
}

// Entry is one documented error of a definition: a code, a range of codes, or what a status means
// when no code says more.
type Entry struct {
	Number   int // position in the definition
	Status   int // 0 = any
	Code     string
	Title    string
	Aliases  []string
	From, To int64 // numeric codes of which only the range is documented
	Advice
}

// catalogue holds the documented codes of one definition.
type catalogue struct {
	entries  []*Entry
	byCode   map[string][]*Entry // by folded code, title or alias
	byStatus map[int]*Entry      // what a status means where no code says more
	ranges   []*Entry
}

// match says what of an error the catalogue knew.
type match uint8

const (
	matchNone match = iota
	matchStatus
	matchCode
)

// of looks up what was found in a body: its code, its title, else the wider kind of its code.
func (c *catalogue) of(status int, f *findings) (Advice, match) {
	advice, m := c.find(status, f.code, f.title)
	if m != matchCode && len(f.family) > 0 {
		if wider, found := c.find(status, f.family, nil); found == matchCode {
			return wider, found
		}
	}
	return advice, m
}

// find returns what the documentation says about an error.
func (c *catalogue) find(status int, code, title []byte) (Advice, match) {
	if e, m := c.entry(status, code, title); e != nil {
		return e.Advice, m
	}
	return Advice{}, matchNone
}

// entry looks an error up: its code under its status, the code under any status, the range of a
// numeric code, its title under its status, and last the status alone.
func (c *catalogue) entry(status int, code, title []byte) (*Entry, match) {
	entries := c.spelled(code)
	if e := withStatus(entries, status); e != nil {
		return e, matchCode
	}
	if len(entries) > 0 {
		return entries[0], matchCode
	}
	if number := digits(code); number > 0 && len(code) < 10 {
		for _, e := range c.ranges {
			if number >= e.From && number <= e.To {
				return e, matchCode
			}
		}
	}
	// Some errors are documented by title only, and some codes are written in a way of their own.
	if e := withStatus(c.spelled(title), status); e != nil {
		return e, matchCode
	}
	if e := c.byStatus[status]; e != nil {
		return e, matchStatus
	}
	return nil, matchNone
}

// spelled returns the entries of a code or title.
func (c *catalogue) spelled(text []byte) []*Entry {
	if len(text) == 0 {
		return nil
	}
	var folded [limitCode]byte
	return c.byCode[string(appendFoldedCode(folded[:0], text))]
}

func withStatus(entries []*Entry, status int) *Entry {
	for _, e := range entries {
		if e.Status == status {
			return e
		}
	}
	return nil
}

// foldedCode is the spelling under which codes are compared: vendors write the same code as
// not_found, not-found and NotFound.
func foldedCode(code string) string {
	return string(appendFoldedCode(nil, []byte(code)))
}

func appendFoldedCode(dst, code []byte) []byte {
	for _, c := range code {
		if len(dst) == limitCode {
			break
		}
		if c = lowerByte(c); c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c >= 0x80 {
			dst = append(dst, c)
		}
	}
	return dst
}

// Advice returns what the vendor's catalogue says about an error; false when the vendor has no
// definition or its documentation is silent. Code may be empty.
func (r *Registry) Advice(vendor string, status int, code string) (Advice, bool) {
	v := r.byName[vendor]
	if v == nil {
		return Advice{}, false
	}
	advice, m := v.def.catalogue.find(status, []byte(code), nil)
	return advice, m != matchNone
}

// Entry returns the catalogue's entry for an error that one of its definitions read; nil when there is
// none. Code and title may be empty.
func (r *Registry) Entry(vendor string, status int, code, title string) *Entry {
	v := r.byName[vendor]
	if v == nil {
		return nil
	}
	e, _ := v.def.catalogue.entry(status, []byte(code), []byte(title))
	return e
}

// Catalogue lists the documented errors of a vendor in the order of its definition; nil for a vendor
// without one.
func (r *Registry) Catalogue(vendor string) []*Entry {
	if v := r.byName[vendor]; v != nil {
		return v.def.catalogue.entries
	}
	return nil
}

// Formats lists the envelopes of a vendor's definition, as Row.Format names them, in order of trial.
func (r *Registry) Formats(vendor string) []string {
	v := r.byName[vendor]
	if v == nil {
		return nil
	}
	var formats []string
	for _, e := range v.def.envelopes {
		formats = append(formats, string(e.format))
	}
	return formats
}

// Vendors lists all vendors that have a definition, by name.
func (r *Registry) Vendors() []VendorInfo {
	infos := make([]VendorInfo, 0, len(r.vendors))
	for _, v := range r.vendors {
		infos = append(infos, v.info)
	}
	return infos
}
