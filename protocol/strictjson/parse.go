package strictjson

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Limits bound a document. A zero field takes the default, so the zero value is
// the strict one.
type Limits struct {
	MaxSize  int // bytes of the document; 0 means 16 KiB
	MaxDepth int // levels of objects and arrays, the outermost counted as 1; 0 means 16

	// MarkDuplicates and MarkSurrogates read on where a name appears twice in an object,
	// and where an escape of a string that is no name is half of a surrogate pair: for a
	// reader that can do without a part of what it reads. The part is marked, and such a
	// reader must ask Value.Marked before it believes anything.
	MarkDuplicates, MarkSurrogates bool
}

const (
	defaultSize  = 16 << 10
	defaultDepth = 16
	hardDepth    = 128 // the reader recurses, so a caller cannot ask for more
	hardSize     = 1 << 30

	// Above this many members an object's names are kept in a map: below it a
	// walk is cheaper, above it a walk would take quadratic time.
	walkMembers = 24

	roomNodes = 19 // values that a Document has room for: the claims of most tokens
	moreNodes = 64 // room at first for those of a longer one
)

// node is one value. The nodes of a document stand in the order of its text, a
// container before what it holds; next is the index behind the whole value. It
// holds places instead of strings, so that nodes are nothing to the garbage
// collector. Places fit: hardSize is below 2^32.
type node struct {
	nameStart, nameEnd uint32 // the member's name without quotes, if the parent is an object
	start, end         uint32 // the value; strings without quotes
	next               uint32
	kind               Kind
	escaped            bool // a string with escapes in it
	nameEscaped        bool
}

// A Document is a document that was read, and room to read one into. Parse and
// ParseString make one for each document; a caller that needs the values only for a
// moment can put one on the stack, and then reading a typical token allocates
// nothing. The zero Document is ready.
type Document struct {
	src   string
	room  [roomNodes]node
	more  []node // all nodes, if there is no room for them
	count int

	// The reader's state. It is here and not in a type of its own, which would
	// have to point here: then the compiler would put every Document on the heap.
	pos       int
	depth     int // levels that may still be opened
	code, msg string

	markDuplicates, markSurrogates bool

	marks []uint32 // places that are marked, in order
}

// node returns the node at i. The pointer is good until the next add.
func (d *Document) node(i uint32) *node {
	if d.more != nil {
		return &d.more[i]
	}
	return &d.room[i]
}

// add makes a node and returns its place. What it is, is written where it stands:
// a copy of so many small fields would cost more than reading most values.
func (d *Document) add() uint32 {
	at := d.count
	if at >= roomNodes {
		if at == roomNodes {
			d.more = append(make([]node, 0, moreNodes), d.room[:]...)
		}
		d.more = append(d.more, node{})
	}
	d.count++
	return uint32(at)
}

// name returns the name of the member at node i, decoded.
func (d *Document) name(i uint32) string {
	n := d.node(i)
	s := d.src[n.nameStart:n.nameEnd]
	if n.nameEscaped {
		s = unescape(s)
	}
	return s
}

// Parse reads one document. It keeps a copy of b, so b may change afterwards.
// Errors are *Error.
func Parse(b []byte, l Limits) (Value, error) {
	if len(b) > l.size() {
		return Value{}, &Error{CodeTooLarge, "the document is longer than allowed", l.size()}
	}
	return ParseString(string(b), l)
}

// ParseString is Parse for a string, which it does not copy.
func ParseString(s string, l Limits) (Value, error) { return new(Document).Parse(s, l) }

// Parse reads one document into d and does not copy it. Values of the document
// that was in d before must not be used any more. Errors are *Error.
func (d *Document) Parse(s string, l Limits) (Value, error) {
	if len(s) > l.size() {
		return Value{}, &Error{CodeTooLarge, "the document is longer than allowed", l.size()}
	}
	d.src, d.more, d.count, d.pos, d.depth = s, nil, 0, 0, l.depth()
	if marking {
		d.markDuplicates, d.markSurrogates, d.marks = l.MarkDuplicates, l.MarkSurrogates, nil
	}
	if !d.value(memberName{}) {
		return Value{}, &Error{d.code, d.msg, d.pos}
	}
	d.space()
	if d.pos != len(s) {
		return Value{}, &Error{CodeTrailing, "something follows the value", d.pos}
	}
	return Value{d, 0}, nil
}

func (l Limits) size() int {
	switch {
	case l.MaxSize <= 0:
		return defaultSize
	case l.MaxSize > hardSize:
		return hardSize
	}
	return l.MaxSize
}

func (l Limits) depth() int {
	switch {
	case l.MaxDepth <= 0:
		return defaultDepth
	case l.MaxDepth > hardDepth:
		return hardDepth
	}
	return l.MaxDepth
}

func (d *Document) fail(code, msg string) bool {
	d.code, d.msg = code, msg
	return false
}

func (d *Document) space() {
	for d.pos < len(d.src) {
		switch d.src[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// A memberName is where the name of a member stands, without its quotes.
type memberName struct {
	start, end uint32
	escaped    bool
}

// value reads one value, leading space included, and makes its nodes.
func (d *Document) value(name memberName) bool {
	d.space()
	if d.pos >= len(d.src) {
		return d.fail(CodeSyntax, "the document ends where a value belongs")
	}
	at, start := d.add(), uint32(d.pos)
	kind, escaped, ok := String, false, false
	switch c := d.src[d.pos]; {
	case c == '"':
		escaped, ok = d.text(marking && d.markSurrogates)
	case c == '{':
		kind, ok = Object, d.object(at)
	case c == '[':
		kind, ok = Array, d.array()
	case c == '-' || isDigit(c):
		kind, ok = Number, d.number()
	case c == 't':
		kind, ok = True, d.word("true")
	case c == 'f':
		kind, ok = False, d.word("false")
	case c == 'n':
		kind, ok = Null, d.word("null")
	default:
		return d.fail(CodeSyntax, "no value begins like this")
	}
	n, end := d.node(at), uint32(d.pos)
	if kind == String { // the quotes are not part of the value
		start, end = start+1, end-1
	}
	n.nameStart, n.nameEnd, n.nameEscaped = name.start, name.end, name.escaped
	n.start, n.end, n.next, n.kind, n.escaped = start, end, uint32(d.count), kind, escaped
	return ok
}

func (d *Document) word(w string) bool {
	if !strings.HasPrefix(d.src[d.pos:], w) {
		return d.fail(CodeSyntax, "no value begins like this")
	}
	d.pos += len(w)
	return true
}

func (d *Document) open() bool {
	if d.depth == 0 {
		return d.fail(CodeTooDeep, "objects and arrays are nested too deeply")
	}
	d.depth--
	d.pos++
	d.space()
	return true
}

func (d *Document) close() bool {
	d.depth++
	d.pos++
	return true
}

// object reads a whole object; at is its node.
func (d *Document) object(at uint32) bool {
	if !d.open() {
		return false
	}
	if d.pos < len(d.src) && d.src[d.pos] == '}' {
		return d.close()
	}
	var filter uint64            // a set bit means: a name like this may have been seen
	var seen map[string]struct{} // only for large objects
	for members := 0; ; members++ {
		start := d.pos
		if d.pos >= len(d.src) || d.src[d.pos] != '"' {
			return d.fail(CodeSyntax, "a member's name belongs here")
		}
		escaped, ok := d.text(false)
		if !ok {
			return false
		}
		place := memberName{uint32(start + 1), uint32(d.pos - 1), escaped}
		name := d.src[place.start:place.end]
		if escaped {
			name = unescape(name)
		}
		if members == walkMembers {
			seen = make(map[string]struct{}, 4*walkMembers)
			for i := at + 1; i < uint32(d.count); i = d.node(i).next {
				seen[d.name(i)] = struct{}{}
			}
		}
		var dup bool
		if seen != nil {
			_, dup = seen[name]
			seen[name] = struct{}{}
		} else {
			bit := uint64(1) << fold(name)
			dup = filter&bit != 0 && d.hasMember(at, name)
			filter |= bit
		}
		if dup {
			if !marking || !d.markDuplicates {
				d.pos = start
				return d.fail(CodeDuplicate, "a name appears twice in one object")
			}
			d.marks = append(d.marks, uint32(start))
		}
		d.space()
		if d.pos >= len(d.src) || d.src[d.pos] != ':' {
			return d.fail(CodeSyntax, "a colon belongs here")
		}
		d.pos++
		if !d.value(place) {
			return false
		}
		d.space()
		if d.pos >= len(d.src) {
			return d.fail(CodeSyntax, "the document ends inside an object")
		}
		switch d.src[d.pos] {
		case ',':
			d.pos++
			d.space()
		case '}':
			return d.close()
		default:
			return d.fail(CodeSyntax, "a comma or the end of the object belongs here")
		}
	}
}

func (d *Document) hasMember(at uint32, name string) bool {
	for i := at + 1; i < uint32(d.count); i = d.node(i).next {
		if d.name(i) == name {
			return true
		}
	}
	return false
}

// fold maps a name to 0..63, so that most new names need no walk at all. The
// factors give the usual claims of an ID token different values.
func fold(s string) uint {
	if s == "" {
		return 0
	}
	return (uint(s[0]) + uint(s[len(s)-1]) + uint(s[len(s)/2])*13 + uint(len(s))*31) & 63
}

func (d *Document) array() bool {
	if !d.open() {
		return false
	}
	if d.pos < len(d.src) && d.src[d.pos] == ']' {
		return d.close()
	}
	for {
		if !d.value(memberName{}) {
			return false
		}
		d.space()
		if d.pos >= len(d.src) {
			return d.fail(CodeSyntax, "the document ends inside an array")
		}
		switch d.src[d.pos] {
		case ',':
			d.pos++
		case ']':
			return d.close()
		default:
			return d.fail(CodeSyntax, "a comma or the end of the array belongs here")
		}
	}
}

// number checks the grammar of RFC 8259 section 6: no plus sign, no leading
// zero, digits on both sides of the point.
func (d *Document) number() bool {
	if d.src[d.pos] == '-' {
		d.pos++
	}
	if d.pos < len(d.src) && d.src[d.pos] == '0' {
		d.pos++
	} else if !d.digits() {
		return false
	}
	if d.pos < len(d.src) && d.src[d.pos] == '.' {
		d.pos++
		if !d.digits() {
			return false
		}
	}
	if d.pos < len(d.src) && d.src[d.pos]|0x20 == 'e' {
		d.pos++
		if d.pos < len(d.src) && (d.src[d.pos] == '+' || d.src[d.pos] == '-') {
			d.pos++
		}
		if !d.digits() {
			return false
		}
	}
	return true
}

func (d *Document) digits() bool {
	start := d.pos
	for d.pos < len(d.src) && isDigit(d.src[d.pos]) {
		d.pos++
	}
	if d.pos == start {
		return d.fail(CodeSyntax, "a digit belongs here")
	}
	return true
}

func isDigit(c byte) bool { return c-'0' < 10 }

// Eight bytes at a time: the lowest byte whose high bit is set in special(x) is
// the first of x, in memory order, that does not stand for itself in a string.
// (Borrows reach only bytes above one that is itself marked.)
const (
	ones   = 0x0101010101010101
	high   = 0x8080808080808080
	blanks = 0x2020202020202020
)

func special(x uint64) uint64 {
	quote, backslash := x^('"'*ones), x^('\\'*ones)
	return (x | (x - blanks) | (quote - ones) | (backslash - ones)) & high
}

func load(s string) uint64 { // little-endian; s has eight bytes
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// text reads a string from its opening to its closing quote.
func (d *Document) text(mark bool) (escaped, ok bool) {
	s, i := d.src, d.pos+1
	for {
		for len(s)-i >= 8 {
			if x := special(load(s[i:])); x != 0 {
				i += bits.TrailingZeros64(x) / 8
				break
			}
			i += 8
		}
		if i >= len(s) {
			d.pos = i
			return false, d.fail(CodeSyntax, "the document ends inside a string")
		}
		switch c := s[i]; {
		case c == '"':
			d.pos = i + 1
			return escaped, true
		case c == '\\':
			_, n := escape(s[i:])
			if marking && mark && n < 0 {
				d.marks = append(d.marks, uint32(i))
				n = len(`\ud83d`)
			}
			if n <= 0 {
				d.pos = i
				if n < 0 {
					return false, d.fail(CodeUTF8, "an escape is half of a surrogate pair")
				}
				return false, d.fail(CodeSyntax, "no escape is written like this")
			}
			escaped = true
			i += n
		case c < 0x20:
			d.pos = i
			return false, d.fail(CodeSyntax, "a control character stands unescaped in a string")
		case c < utf8.RuneSelf: // among the last seven bytes
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				d.pos = i
				return false, d.fail(CodeUTF8, "a string is not UTF-8")
			}
			i += n
		}
	}
}

// escape reads the escape that s begins with. It returns the character and the
// length of the escape; 0 for what is no escape, -1 for a lone surrogate.
func escape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		hi, ok := hex4(s[2:])
		if !ok {
			return 0, 0
		}
		switch {
		case hi < 0xd800 || hi > 0xdfff:
			return hi, 6
		case hi > 0xdbff || len(s) < 8 || s[6] != '\\' || s[7] != 'u':
			return 0, -1
		}
		lo, ok := hex4(s[8:])
		if !ok || lo < 0xdc00 || lo > 0xdfff {
			return 0, -1
		}
		return 0x10000 + (hi-0xd800)<<10 + (lo - 0xdc00), 12
	}
	return 0, 0
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := 0; i < 4; i++ {
		c := s[i]
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unescape decodes a string that text has judged.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b = append(b, s[i])
			i++
			continue
		}
		r, n := escape(s[i:])
		b = utf8.AppendRune(b, r)
		i += n
	}
	return string(b)
}
