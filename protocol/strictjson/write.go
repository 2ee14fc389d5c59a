package strictjson

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// ErrWrite is returned by Writer.Bytes when a name was written twice, a string
// was not UTF-8, or a raw value was not one JSON value.
var ErrWrite = errors.New("strictjson: a name was written twice, or a value is not valid JSON or UTF-8")

// Writer writes one object. Members appear in the order of the calls, without
// white space, so equal calls give equal bytes. The zero Writer is ready; it is
// not for concurrent use. A fault is kept and returned by Bytes.
type Writer struct {
	buf   []byte
	names []string
	bad   bool
}

func (w *Writer) member(name string) {
	for _, n := range w.names {
		w.bad = w.bad || n == name
	}
	w.names = append(w.names, name)
	if len(w.buf) == 0 {
		w.buf = append(make([]byte, 0, 256), '{')
	} else {
		w.buf = append(w.buf, ',')
	}
	w.text(name)
	w.buf = append(w.buf, ':')
}

func (w *Writer) text(s string) {
	w.bad = w.bad || !utf8.ValidString(s)
	w.buf = AppendString(w.buf, s)
}

// String adds a string member.
func (w *Writer) String(name, value string) {
	w.member(name)
	w.text(value)
}

// OptString adds a string member unless the value is empty.
func (w *Writer) OptString(name, value string) {
	if value != "" {
		w.String(name, value)
	}
}

// Int adds a whole number.
func (w *Writer) Int(name string, value int64) {
	w.member(name)
	w.buf = strconv.AppendInt(w.buf, value, 10)
}

// Bool adds a boolean.
func (w *Writer) Bool(name string, value bool) {
	w.member(name)
	w.buf = strconv.AppendBool(w.buf, value)
}

// Strings adds an array of strings; nil is the empty array.
func (w *Writer) Strings(name string, values []string) {
	w.member(name)
	w.buf = append(w.buf, '[')
	for i, v := range values {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.text(v)
	}
	w.buf = append(w.buf, ']')
}

// Raw adds a member whose value is JSON already. It is read strictly first, so
// that what this Writer wrote can always be read again.
func (w *Writer) Raw(name string, value []byte) {
	w.member(name)
	if _, err := Parse(value, Limits{MaxSize: hardSize, MaxDepth: hardDepth}); err != nil {
		w.bad = true
	}
	w.buf = append(w.buf, value...)
}

// Bytes returns the object. The Writer must not be used afterwards.
func (w *Writer) Bytes() ([]byte, error) {
	if w.bad {
		return nil, ErrWrite
	}
	if len(w.buf) == 0 {
		return []byte("{}"), nil
	}
	return append(w.buf, '}'), nil
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Only the quote, the backslash and
// control characters are escaped; s should be UTF-8.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// AppendArray appends a JSON array whose elements are JSON already.
func AppendArray(b []byte, elements ...[]byte) []byte {
	b = append(b, '[')
	for i, e := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e...)
	}
	return append(b, ']')
}
