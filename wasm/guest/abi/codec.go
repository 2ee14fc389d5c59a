package abi

import "unicode/utf8"

// Reader takes the arguments of a call in order. Integers are big-endian; bytes
// and text follow their length as a u32. The first fault sticks: later reads
// return zero values and [Reader.End] reports it.
type Reader struct {
	b   []byte
	err error
}

func (r *Reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.b) < n {
		r.err = errShort
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// U16 reads two bytes.
func (r *Reader) U16() uint16 {
	b := r.take(2)
	if b == nil {
		return 0
	}
	return uint16(b[0])<<8 | uint16(b[1])
}

// U32 reads four bytes.
func (r *Reader) U32() uint32 {
	b := r.take(4)
	if b == nil {
		return 0
	}
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// Time reads Unix seconds, eight bytes, at most 2^53 (what a JavaScript number
// holds exactly).
func (r *Reader) Time() int64 {
	hi, lo := r.U32(), r.U32()
	v := uint64(hi)<<32 | uint64(lo)
	if v > 1<<53 {
		r.err = errRange
		return 0
	}
	return int64(v)
}

// Bool reads one byte, 0 or 1.
func (r *Reader) Bool() bool {
	b := r.take(1)
	if b == nil {
		return false
	}
	if b[0] > 1 {
		r.err = errRange
	}
	return b[0] == 1
}

// Bytes reads at most max bytes behind their length. The result points into the
// input buffer and is valid for this call only.
func (r *Reader) Bytes(max uint32) []byte {
	n := r.U32()
	if r.err != nil {
		return nil
	}
	if n > max {
		r.err = errLong
		return nil
	}
	return r.take(int(n))
}

// Text reads UTF-8 of at most max bytes behind its length.
func (r *Reader) Text(max uint32) string {
	b := r.Bytes(max)
	if !utf8.Valid(b) {
		r.err = errRange
		return ""
	}
	return string(b)
}

// End reports whether every argument was read and nothing is left over. A
// generated export calls it before the function runs.
func (r *Reader) End() bool {
	if r.err == nil && len(r.b) > 0 {
		r.err = errLong
	}
	return r.err == nil
}

// Writer appends the results of a call, in the encoding of Reader.
type Writer struct{ b []byte }

// grow makes room for n more bytes. A buffer that is given up is overwritten,
// since results may be secret.
func (w *Writer) grow(n int) {
	if cap(w.b)-len(w.b) >= n {
		return
	}
	old := w.b
	w.b = append(make([]byte, 0, 2*cap(old)+n), old...)
	clear(old)
}

// U16 appends two bytes.
func (w *Writer) U16(v uint16) {
	w.grow(2)
	w.b = append(w.b, byte(v>>8), byte(v))
}

// U32 appends four bytes.
func (w *Writer) U32(v uint32) {
	w.grow(4)
	w.b = append(w.b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// Time appends Unix seconds in eight bytes.
func (w *Writer) Time(v int64) {
	w.U32(uint32(uint64(v) >> 32))
	w.U32(uint32(v))
}

// Bool appends one byte.
func (w *Writer) Bool(v bool) {
	var b byte
	if v {
		b = 1
	}
	w.grow(1)
	w.b = append(w.b, b)
}

// Bytes appends a length and the bytes.
func (w *Writer) Bytes(v []byte) {
	w.U32(uint32(len(v)))
	w.grow(len(v))
	w.b = append(w.b, v...)
}

// Text appends a length and UTF-8.
func (w *Writer) Text(v string) {
	w.U32(uint32(len(v)))
	w.grow(len(v))
	w.b = append(w.b, v...)
}
