package strictjson

import "iter"

// Kind is the type of a JSON value. The zero Kind belongs to the zero Value,
// which stands for "not there".
type Kind uint8

const (
	None Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"nothing", "null", "a boolean", "a boolean", "a number", "a string", "an array", "an object"}

// String names the kind with its article, for sentences: "an object".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "an unknown kind"
}

// Value is one value of a parsed document. It is small, immutable, and safe for
// concurrent use; it keeps the document alive. Every method of the zero Value
// answers "not there".
type Value struct {
	d *document
	i uint32
}

func (v Value) node() *node { return &v.d.nodes[v.i] }

// Kind returns the value's type, None for the zero Value.
func (v Value) Kind() Kind {
	if v.d == nil {
		return None
	}
	return v.node().kind
}

// Exists reports whether the value is there at all; null is there.
func (v Value) Exists() bool { return v.d != nil }

// Raw returns the value as it was written, quotes and escapes included.
func (v Value) Raw() string {
	if v.d == nil {
		return ""
	}
	n := v.node()
	if n.kind == String {
		return v.d.src[n.start-1 : n.end+1]
	}
	return v.d.src[n.start:n.end]
}

// Text returns a decoded string; false if the value is not a string.
func (v Value) Text() (string, bool) {
	if v.Kind() != String {
		return "", false
	}
	n := v.node()
	s := v.d.src[n.start:n.end]
	if n.escaped {
		s = unescape(s)
	}
	return s, true
}

// Bool returns a boolean; false in ok if the value is not one.
func (v Value) Bool() (value, ok bool) {
	k := v.Kind()
	return k == True, k == True || k == False
}

// Get returns the member with exactly this name, or the zero Value if there is
// none or the value is not an object.
func (v Value) Get(name string) Value {
	if v.Kind() != Object {
		return Value{}
	}
	o := v.node()
	for i := v.i + 1; i < o.next; i = v.d.nodes[i].next {
		if v.d.name(i) == name {
			return Value{v.d, i}
		}
	}
	return Value{}
}

// Members yields an object's names, decoded, and values in the order written.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		o := v.node()
		for i := v.i + 1; i < o.next; i = v.d.nodes[i].next {
			if !yield(v.d.name(i), Value{v.d, i}) {
				return
			}
		}
	}
}

// Elements yields an array's values in order.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		a := v.node()
		for i := v.i + 1; i < a.next; i = v.d.nodes[i].next {
			if !yield(Value{v.d, i}) {
				return
			}
		}
	}
}

// Len returns how many members or elements the value directly holds.
func (v Value) Len() int {
	if k := v.Kind(); k != Object && k != Array {
		return 0
	}
	n := 0
	for i, end := v.i+1, v.node().next; i < end; i = v.d.nodes[i].next {
		n++
	}
	return n
}

// Strings returns the elements of an array that holds nothing but strings.
func (v Value) Strings() ([]string, bool) {
	if v.Kind() != Array {
		return nil, false
	}
	out := make([]string, 0, v.Len())
	for e := range v.Elements() {
		s, ok := e.Text()
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
