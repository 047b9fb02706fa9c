package lenient

// Kind is the JSON type of a value.
type Kind uint8

// The kinds. Absent is the Kind of a Node that is not there.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Node is one value of a Doc, valid until the next Parse. The zero Node is absent; every method is
// safe on it and answers with another absent Node, nil or false.
type Node struct {
	d *Doc
	i int32
}

func (n Node) get() *node {
	if n.d == nil || int(n.i) >= len(n.d.nodes) {
		return nil
	}
	return &n.d.nodes[n.i]
}

// Kind returns the type of the value.
func (n Node) Kind() Kind {
	if v := n.get(); v != nil {
		return v.kind
	}
	return Absent
}

// Get returns the member of that name: the first of duplicates, exact in case. It looks at the
// members one by one; to read many, walk them once with First and Next. Definitions ask for many that
// are not there: most of those are answered by the lengths of the names that the document has, which spares
// 5 % of an error row.
func (n Node) Get(key string) Node {
	v := n.get()
	if v == nil || v.kind != Object || v.count == 0 || n.d.names>>(len(key)%64)&1 == 0 {
		return Node{}
	}
	for i := n.i + 1; ; {
		v = &n.d.nodes[i]
		if v.name.len() == len(key) && string(n.d.text(v.name)) == key {
			return Node{n.d, i}
		}
		if i = v.next; i == 0 {
			return Node{}
		}
	}
}

// GetFold is Get without regard to ASCII case and to blanks around the member's name.
func (n Node) GetFold(key string) Node {
	if n.Kind() == Object {
		for m := n.First(); m.d != nil; m = m.Next() {
			if equalFold(trimBlanks(m.Key()), key) {
				return m
			}
		}
	}
	return Node{}
}

// Key returns the unescaped name of a member, valid UTF-8; nil for the root and for elements of an array.
func (n Node) Key() []byte {
	if v := n.get(); v != nil && v.name != 0 {
		return n.d.text(v.name)
	}
	return nil
}

// First returns the first member or element. With Next it walks a container in linear time:
//
//	for m := n.First(); m.Kind() != lenient.Absent; m = m.Next() {
func (n Node) First() Node {
	if v := n.get(); v != nil && v.kind >= Array && v.count > 0 {
		return Node{n.d, n.i + 1}
	}
	return Node{}
}

// Next returns the member or element after this one.
func (n Node) Next() Node {
	if v := n.get(); v != nil && v.next > 0 {
		return Node{n.d, v.next}
	}
	return Node{}
}

// Len returns the number of members, duplicates included, or of elements; 0 for all other values.
func (n Node) Len() int {
	if v := n.get(); v != nil && v.kind >= Array {
		return int(v.count)
	}
	return 0
}

// Index returns the i-th member or element, counted from 0, by walking there.
func (n Node) Index(i int) Node {
	if i < 0 || i >= n.Len() {
		return Node{}
	}
	m := n.First()
	for ; i > 0; i-- {
		m = m.Next()
	}
	return m
}

// Number is the place of the value in its document, by which At finds it.
func (n Node) Number() int { return int(n.i) }

// At returns the value of that number in the document of n. Documents of one shape number alike.
func (n Node) At(number int) Node { return Node{n.d, int32(number)} }

// Raw returns the value as it stands in the source, quotes and brackets included. What was cut lacks
// its closing quote or bracket.
func (n Node) Raw() []byte {
	if v := n.get(); v != nil {
		return n.d.src[v.start:v.end:v.end]
	}
	return nil
}

// Cut reports that the value is a string whose end the end of the document cut off.
func (n Node) Cut() bool {
	v := n.get()
	return v != nil && v.flags&cut != 0
}

// equalFold compares b with s, without regard to ASCII case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if b[i] != s[i] && lower(b[i]) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	return b
}
