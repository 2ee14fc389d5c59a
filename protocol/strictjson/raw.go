package strictjson

// RawMember is a member of the outermost object with its value as it was written.
type RawMember struct {
	Name string // decoded
	Raw  string
}

// RawMembers reads the outermost object of a document whose values are judged one by
// one, by Parse, where they are used: what nobody uses may then hold what Parse
// refuses. The document must be JSON of at most maxSize bytes and 128 levels; other
// than for Parse, names may appear twice, also in the outermost object, and strings
// may be anything. A member whose name is not UTF-8 is not returned. Errors are *Error.
//
// It is for documents that come from whom they speak for, not for tokens.
func RawMembers(s string, maxSize int) ([]RawMember, error) {
	if len(s) > maxSize {
		return nil, &Error{CodeTooLarge, "the document is longer than allowed", maxSize}
	}
	d := &Document{src: s, depth: hardDepth}
	var out []RawMember
	d.space()
	if d.pos == len(s) || s[d.pos] != '{' {
		return nil, &Error{CodeSyntax, "the document is not an object", d.pos}
	}
	if !d.pass(&out) {
		return nil, &Error{d.code, d.msg, d.pos}
	}
	d.space()
	if d.pos != len(s) {
		return nil, &Error{CodeTrailing, "something follows the value", d.pos}
	}
	return out, nil
}

// pass goes over one value. The members of an object are added to out, if it is there.
func (d *Document) pass(out *[]RawMember) bool {
	d.space()
	if d.pos >= len(d.src) {
		return d.fail(CodeSyntax, "the document ends where a value belongs")
	}
	switch c := d.src[d.pos]; {
	case c == '"':
		return d.passText()
	case c == '{' || c == '[':
		return d.passInside(c, out)
	case c == '-' || isDigit(c):
		return d.number()
	case c == 't':
		return d.word("true")
	case c == 'f':
		return d.word("false")
	}
	return d.word("null")
}

// passInside goes over an object or an array.
func (d *Document) passInside(opening byte, out *[]RawMember) bool {
	if !d.open() {
		return false
	}
	closing := opening + 2 // '}' for '{', ']' for '['
	if d.pos < len(d.src) && d.src[d.pos] == closing {
		return d.close()
	}
	for {
		name, known := "", false
		if opening == '{' {
			d.space()
			start := d.pos
			if d.pos >= len(d.src) || d.src[d.pos] != '"' {
				return d.fail(CodeSyntax, "a member's name belongs here")
			}
			var escaped bool
			if escaped, known = d.text(false); known {
				if name = d.src[start+1 : d.pos-1]; escaped {
					name = unescape(name)
				}
			} else if d.pos = start; !d.passText() {
				return false
			}
			d.space()
			if d.pos >= len(d.src) || d.src[d.pos] != ':' {
				return d.fail(CodeSyntax, "a colon belongs here")
			}
			d.pos++
		}
		d.space()
		start := d.pos
		if !d.pass(nil) {
			return false
		}
		if out != nil && known {
			*out = append(*out, RawMember{name, d.src[start:d.pos]})
		}
		d.space()
		if d.pos >= len(d.src) {
			return d.fail(CodeSyntax, "the document ends inside an object or array")
		}
		switch d.src[d.pos] {
		case ',':
			d.pos++
		case closing:
			return d.close()
		default:
			return d.fail(CodeSyntax, "a comma or the end of the object or array belongs here")
		}
	}
}

// passText goes over a string that need not be UTF-8.
func (d *Document) passText() bool {
	for i := d.pos + 1; i < len(d.src); {
		switch c := d.src[i]; {
		case c == '"':
			d.pos = i + 1
			return true
		case c == '\\':
			_, n := escape(d.src[i:])
			if n == 0 {
				d.pos = i
				return d.fail(CodeSyntax, "no escape is written like this")
			}
			if n < 0 {
				n = len(`\ud800`)
			}
			i += n
		case c < 0x20:
			d.pos = i
			return d.fail(CodeSyntax, "a control character stands unescaped in a string")
		default:
			i++
		}
	}
	d.pos = len(d.src)
	return d.fail(CodeSyntax, "the document ends inside a string")
}
