package strictjson

import (
	"iter"
	"slices"
)

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
	d *Document
	i uint32
}

func (v Value) node() *node { return v.d.node(v.i) }

// Kind returns the value's type, None for the zero Value.
func (v Value) Kind() Kind {
	if v.d == nil {
		return None
	}
	return v.node().kind
}

// Exists reports whether the value is there at all; null is there.
func (v Value) Exists() bool { return v.d != nil }

// Marked reports whether the value, or anything in it, was marked; see Limits.
func (v Value) Marked() bool {
	if !marking || v.d == nil || v.d.marks == nil {
		return false
	}
	n := v.node()
	i, _ := slices.BinarySearch(v.d.marks, n.start)
	return i < len(v.d.marks) && v.d.marks[i] < n.end
}

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

// Text returns a decoded string; false if the value is not a string, or a marked one.
func (v Value) Text() (string, bool) {
	if v.Kind() != String {
		return "", false
	}
	n := v.node()
	s := v.d.src[n.start:n.end]
	if n.escaped {
		if v.Marked() {
			return "", false
		}
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
	for w := v.Walk(); w.Next(); {
		if w.Name() == name {
			return w.Value()
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
		for w := v.Walk(); w.Next(); {
			if !yield(w.Name(), w.Value()) {
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
		for w := v.Walk(); w.Next(); {
			if !yield(w.Value()) {
				return
			}
		}
	}
}

// A Walk goes through what an object or an array directly holds, in order, as
// Members and Elements do. A Document on the stack stays there with a Walk; with
// those two the compiler moves it to the heap.
type Walk struct {
	d             *Document
	at, next, end uint32
}

// Walk returns a Walk before the first member or element; it holds nothing for
// values of other kinds.
func (v Value) Walk() Walk {
	if k := v.Kind(); k != Object && k != Array {
		return Walk{}
	}
	return Walk{v.d, v.i, v.i + 1, v.node().next}
}

// Next goes to the next one; false after the last.
func (w *Walk) Next() bool {
	if w.next >= w.end {
		return false
	}
	w.at = w.next
	w.next = w.d.node(w.at).next
	return true
}

// Name returns the member's name, decoded; an array's elements have none.
func (w *Walk) Name() string { return w.d.name(w.at) }

// Value returns the member's value, or the element.
func (w *Walk) Value() Value { return Value{w.d, w.at} }

// Len returns how many members or elements the value directly holds.
func (v Value) Len() int {
	n := 0
	for w := v.Walk(); w.Next(); {
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
	for w := v.Walk(); w.Next(); {
		text, ok := w.Value().Text()
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}
