package parsers

import (
	"bytes"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/errata-dev/errata/parsers/lenient"
)

// unknownVendor is the vendor of a response that does not tell.
const unknownVendor = "unknown"

// vendor resolves who answered: the record's vendor, the definition by host, a body that names its
// vendor, the registrable domain of the host, else unknown.
func (r *Registry) vendor(row *Row, host *knownHost) *vendor {
	s := row.scratch
	if stated := trim(s.response.vendor); len(stated) > 0 {
		if v := r.named(stated); v != nil {
			row.Vendor = v.name
			return v
		}
		row.Vendor = r.text(s, stated, limitName)
		return nil
	}
	v := host.vendor
	if v == nil {
		if v = r.shaped(s, host.domain); v == nil {
			if row.Vendor = r.text(s, host.domain, limitHost); len(row.Vendor) == 0 {
				row.Vendor = s.constant(unknownVendor)
			}
			return nil
		}
	}
	row.Vendor = v.name
	return v
}

// named finds a definition by name, in any case.
func (r *Registry) named(name []byte) *vendor {
	if v := r.byName[string(name)]; v != nil {
		return v
	}
	var folded [64]byte
	if len(name) > len(folded) {
		return nil
	}
	return r.byName[string(appendLower(folded[:0], name))]
}

// hosted finds the definition of a host: its exact name, else the longest suffix.
func (r *Registry) hosted(host []byte) *vendor {
	if v := r.byHost[string(host)]; v != nil {
		return v
	}
	for {
		dot := bytes.IndexByte(host, '.')
		if dot < 0 {
			return nil
		}
		host = host[dot+1:]
		if v := r.bySuffix[string(host)]; v != nil {
			return v
		}
	}
}

// shaped finds the vendor that the body itself names. Successes are not looked at, nor are bodies
// that merely resemble a vendor's when the host belongs to somebody else: when it has a domain.
func (r *Registry) shaped(s *scratch, domain []byte) *vendor {
	status := s.response.status
	if status != 0 && status < 400 || status == 0 {
		return nil
	}
	root := s.readBody().root
	if root.Kind() != lenient.Object {
		return nil
	}
	shapes := s.fitted(r.generic).shapes
	for i := range shapes {
		if sh := &shapes[i]; sh.names(root, domain) && sh.envelope.matches(s, root) {
			return sh.vendor
		}
	}
	return nil
}

// registrable returns where in host the domain begins that was registered; len(host) for addresses,
// for single labels, and for hosts that are nothing but a public suffix.
func registrable(host string) int {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if len(last) == len(host) || digits([]byte(last)) >= 0 || strings.IndexByte(host, ':') >= 0 {
		return len(host)
	}
	suffix, _ := publicsuffix.PublicSuffix(host)
	cut := len(host) - len(suffix) - 1
	if cut <= 0 || host[cut] != '.' || host[cut-1] == '.' {
		return len(host)
	}
	return strings.LastIndexByte(host[:cut], '.') + 1
}
