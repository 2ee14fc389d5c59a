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
	MaxDepth int // objects and arrays inside each other, the outermost counts 1; 0 means 16
}

const (
	defaultSize  = 16 << 10
	defaultDepth = 16
	hardDepth    = 128 // the reader recurses, so a caller cannot ask for more
	hardSize     = 1 << 30

	// Above this many members an object's names are kept in a map: below it a
	// walk is cheaper, above it a walk would take quadratic time.
	walkMembers = 24

	// A document's nodes are made at once for as many values as it seems to
	// hold; a document that only looks so large must not cost memory.
	mostNodesAtOnce = 64
	smallNodes      = 6  // enough for the header of a token
	mediumNodes     = 19 // enough for the claims of most; with them a document just fits 512 bytes
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

type document struct {
	src   string
	nodes []node
}

// name returns the name of the member at node i, decoded.
func (d *document) name(i uint32) string {
	n := &d.nodes[i]
	s := d.src[n.nameStart:n.nameEnd]
	if n.nameEscaped {
		s = unescape(s)
	}
	return s
}

// smallDocument and mediumDocument save most documents a second allocation.
type smallDocument struct {
	document
	room [smallNodes]node
}

type mediumDocument struct {
	document
	room [mediumNodes]node
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
func ParseString(s string, l Limits) (Value, error) {
	if len(s) > l.size() {
		return Value{}, &Error{CodeTooLarge, "the document is longer than allowed", l.size()}
	}
	var d *document
	switch room := 2 + strings.Count(s, ","); {
	case room <= smallNodes:
		small := &smallDocument{}
		d, small.nodes = &small.document, small.room[:0]
	case room <= mediumNodes:
		medium := &mediumDocument{}
		d, medium.nodes = &medium.document, medium.room[:0]
	default:
		d = &document{nodes: make([]node, 0, min(room, mostNodesAtOnce))}
	}
	d.src = s
	p := parser{nodes: d.nodes, src: s, depth: l.depth()}
	if !p.value(node{}) {
		return Value{}, &Error{p.code, p.msg, p.pos}
	}
	p.space()
	if p.pos != len(s) {
		return Value{}, &Error{CodeTrailing, "something follows the value", p.pos}
	}
	d.nodes = p.nodes
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

type parser struct {
	nodes []node
	src   string
	pos   int
	depth int // levels that may still be opened
	code  string
	msg   string
}

func (p *parser) fail(code, msg string) bool {
	p.code, p.msg = code, msg
	return false
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// value reads one value, leading space included, and appends its nodes. n holds
// what is known of it: its name.
func (p *parser) value(n node) bool {
	p.space()
	if p.pos >= len(p.src) {
		return p.fail(CodeSyntax, "the document ends where a value belongs")
	}
	n.start = uint32(p.pos)
	at, ok := len(p.nodes), false
	switch c := p.src[p.pos]; {
	case c == '"':
		n.kind = String
		if n.escaped, ok = p.text(); ok { // the quotes are not part of the value
			n.start++
			n.end, n.next = uint32(p.pos-1), uint32(at+1)
			p.nodes = append(p.nodes, n)
		}
		return ok
	case c == '{', c == '[':
		n.kind = Object
		p.nodes = append(p.nodes, n)
		if c == '{' {
			ok = p.object(at)
		} else {
			p.nodes[at].kind = Array
			ok = p.array()
		}
		if ok {
			p.nodes[at].end, p.nodes[at].next = uint32(p.pos), uint32(len(p.nodes))
		}
		return ok
	case c == '-' || isDigit(c):
		n.kind, ok = Number, p.number()
	case c == 't':
		n.kind, ok = True, p.word("true")
	case c == 'f':
		n.kind, ok = False, p.word("false")
	case c == 'n':
		n.kind, ok = Null, p.word("null")
	default:
		return p.fail(CodeSyntax, "no value begins like this")
	}
	if ok {
		n.end, n.next = uint32(p.pos), uint32(at+1)
		p.nodes = append(p.nodes, n)
	}
	return ok
}

func (p *parser) word(w string) bool {
	if !strings.HasPrefix(p.src[p.pos:], w) {
		return p.fail(CodeSyntax, "no value begins like this")
	}
	p.pos += len(w)
	return true
}

func (p *parser) open() bool {
	if p.depth == 0 {
		return p.fail(CodeTooDeep, "objects and arrays are nested too deeply")
	}
	p.depth--
	p.pos++
	p.space()
	return true
}

func (p *parser) close() bool {
	p.depth++
	p.pos++
	return true
}

// object reads a whole object; at is its node.
func (p *parser) object(at int) bool {
	if !p.open() {
		return false
	}
	if p.pos < len(p.src) && p.src[p.pos] == '}' {
		return p.close()
	}
	var filter uint64            // a set bit means: a name like this may have been seen
	var seen map[string]struct{} // only for large objects
	for members := 0; ; members++ {
		start := p.pos
		if p.pos >= len(p.src) || p.src[p.pos] != '"' {
			return p.fail(CodeSyntax, "a member's name belongs here")
		}
		escaped, ok := p.text()
		if !ok {
			return false
		}
		n := node{nameStart: uint32(start + 1), nameEnd: uint32(p.pos - 1), nameEscaped: escaped}
		name := p.src[n.nameStart:n.nameEnd]
		if escaped {
			name = unescape(name)
		}
		if members == walkMembers {
			seen = make(map[string]struct{}, 4*walkMembers)
			for i := at + 1; i < len(p.nodes); i = int(p.nodes[i].next) {
				seen[p.name(i)] = struct{}{}
			}
		}
		var dup bool
		if seen != nil {
			_, dup = seen[name]
			seen[name] = struct{}{}
		} else {
			bit := uint64(1) << fold(name)
			dup = filter&bit != 0 && p.hasMember(at, name)
			filter |= bit
		}
		if dup {
			p.pos = start
			return p.fail(CodeDuplicate, "a name appears twice in one object")
		}
		p.space()
		if p.pos >= len(p.src) || p.src[p.pos] != ':' {
			return p.fail(CodeSyntax, "a colon belongs here")
		}
		p.pos++
		if !p.value(n) {
			return false
		}
		p.space()
		if p.pos >= len(p.src) {
			return p.fail(CodeSyntax, "the document ends inside an object")
		}
		switch p.src[p.pos] {
		case ',':
			p.pos++
			p.space()
		case '}':
			return p.close()
		default:
			return p.fail(CodeSyntax, "a comma or the end of the object belongs here")
		}
	}
}

func (p *parser) hasMember(at int, name string) bool {
	for i := at + 1; i < len(p.nodes); i = int(p.nodes[i].next) {
		if p.name(i) == name {
			return true
		}
	}
	return false
}

func (p *parser) name(i int) string {
	return (&document{p.src, p.nodes}).name(uint32(i))
}

// fold maps a name to 0..63, so that most new names need no walk at all. The
// factors give the usual claims of an ID token different values.
func fold(s string) uint {
	if s == "" {
		return 0
	}
	return (uint(s[0]) + uint(s[len(s)-1]) + uint(s[len(s)/2])*13 + uint(len(s))*31) & 63
}

func (p *parser) array() bool {
	if !p.open() {
		return false
	}
	if p.pos < len(p.src) && p.src[p.pos] == ']' {
		return p.close()
	}
	for {
		if !p.value(node{}) {
			return false
		}
		p.space()
		if p.pos >= len(p.src) {
			return p.fail(CodeSyntax, "the document ends inside an array")
		}
		switch p.src[p.pos] {
		case ',':
			p.pos++
		case ']':
			return p.close()
		default:
			return p.fail(CodeSyntax, "a comma or the end of the array belongs here")
		}
	}
}

// number checks the grammar of RFC 8259 section 6: no plus sign, no leading
// zero, digits on both sides of the point.
func (p *parser) number() bool {
	if p.src[p.pos] == '-' {
		p.pos++
	}
	if p.pos < len(p.src) && p.src[p.pos] == '0' {
		p.pos++
	} else if !p.digits() {
		return false
	}
	if p.pos < len(p.src) && p.src[p.pos] == '.' {
		p.pos++
		if !p.digits() {
			return false
		}
	}
	if p.pos < len(p.src) && p.src[p.pos]|0x20 == 'e' {
		p.pos++
		if p.pos < len(p.src) && (p.src[p.pos] == '+' || p.src[p.pos] == '-') {
			p.pos++
		}
		if !p.digits() {
			return false
		}
	}
	return true
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.src) && isDigit(p.src[p.pos]) {
		p.pos++
	}
	if p.pos == start {
		return p.fail(CodeSyntax, "a digit belongs here")
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
func (p *parser) text() (escaped, ok bool) {
	s, i := p.src, p.pos+1
	for {
		for len(s)-i >= 8 {
			if x := special(load(s[i:])); x != 0 {
				i += bits.TrailingZeros64(x) / 8
				break
			}
			i += 8
		}
		if i >= len(s) {
			p.pos = i
			return false, p.fail(CodeSyntax, "the document ends inside a string")
		}
		switch c := s[i]; {
		case c == '"':
			p.pos = i + 1
			return escaped, true
		case c == '\\':
			_, n := escape(s[i:])
			if n <= 0 {
				p.pos = i
				if n < 0 {
					return false, p.fail(CodeUTF8, "an escape is half of a surrogate pair")
				}
				return false, p.fail(CodeSyntax, "no escape is written like this")
			}
			escaped = true
			i += n
		case c < 0x20:
			p.pos = i
			return false, p.fail(CodeSyntax, "a control character stands unescaped in a string")
		case c < utf8.RuneSelf: // among the last seven bytes
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				p.pos = i
				return false, p.fail(CodeUTF8, "a string is not UTF-8")
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
