package abi

import (
	"bytes"
	"errors"
	"testing"
)

// call runs f over arguments written by put and returns status and the rest.
func call(t *testing.T, put func(*Writer), f func(*Reader, *Writer) error) (Status, *Reader) {
	t.Helper()
	var args Writer
	put(&args)
	b := In(uint32(len(args.b)))
	copy(b, args.b)
	answer := Call(uint32(len(args.b)), f)
	return answer[0], &Reader{b: append([]byte(nil), answer[1:]...)}
}

func TestRoundTrip(t *testing.T) {
	status, r := call(t, func(w *Writer) {
		w.U16(65535)
		w.U32(1 << 31)
		w.Time(1 << 53)
		w.Bool(true)
		w.Bytes([]byte{1, 2, 3})
		w.Text("héllo")
	}, func(r *Reader, w *Writer) error {
		a, b, c, d, e, f := r.U16(), r.U32(), r.Time(), r.Bool(), r.Bytes(3), r.Text(6)
		if !r.End() {
			return nil
		}
		w.U16(a)
		w.U32(b)
		w.Time(c)
		w.Bool(d)
		w.Bytes(e)
		w.Text(f)
		return nil
	})
	if status != OK {
		t.Fatalf("status %d: %q", status, r.b)
	}
	if r.U16() != 65535 || r.U32() != 1<<31 || r.Time() != 1<<53 || !r.Bool() ||
		!bytes.Equal(r.Bytes(9), []byte{1, 2, 3}) || r.Text(9) != "héllo" || !r.End() {
		t.Fatal("a value changed on its way")
	}
}

func TestMalformedCallsAreNamed(t *testing.T) {
	cases := map[string]struct {
		put  func(*Writer)
		read func(*Reader)
	}{
		"empty":            {func(*Writer) {}, func(r *Reader) { r.U16() }},
		"short length":     {func(w *Writer) { w.U16(0) }, func(r *Reader) { r.Bytes(9) }},
		"length too large": {func(w *Writer) { w.U32(1 << 31) }, func(r *Reader) { r.Bytes(9) }},
		"length past end":  {func(w *Writer) { w.U32(9) }, func(r *Reader) { r.Bytes(9) }},
		"above the table":  {func(w *Writer) { w.Bytes(make([]byte, 10)) }, func(r *Reader) { r.Bytes(9) }},
		"trailing byte":    {func(w *Writer) { w.U16(1); w.Bool(true) }, func(r *Reader) { r.U16() }},
		"bool of 2":        {func(w *Writer) { w.U16(0x0200) }, func(r *Reader) { r.Bool(); r.Bool() }},
		"time too large":   {func(w *Writer) { w.Time(1<<53 + 1) }, func(r *Reader) { r.Time() }},
		"text not UTF-8":   {func(w *Writer) { w.Bytes([]byte{0xff}) }, func(r *Reader) { r.Text(9) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status, r := call(t, c.put, func(r *Reader, w *Writer) error {
				c.read(r)
				if r.End() {
					w.Text("reached")
				}
				return nil
			})
			if status != Malformed || r.Text(99) != "malformed_call" {
				t.Fatalf("status %d, want %d", status, Malformed)
			}
		})
	}
}

func TestRefusalCarriesItsCode(t *testing.T) {
	status, r := call(t, func(*Writer) {}, func(_ *Reader, w *Writer) error {
		w.Text("half a result that must not leave")
		return Refuse(404, "unknown_thing", "no such thing")
	})
	if status != Refused || r.Text(99) != "unknown_thing" || r.Text(99) != "no such thing" || r.U16() != 404 || !r.End() {
		t.Fatal("the code or the sentence is lost")
	}
	status, r = call(t, func(*Writer) {}, func(*Reader, *Writer) error { return errors.New("x") })
	if status != Refused || r.Text(99) != "refused" {
		t.Fatal("an error without a code has another code than refused")
	}
}

// The first call of an instance may bring nothing: only what is too long has no room.
func TestANewInstanceHasRoomForNothing(t *testing.T) {
	in = nil
	if b := In(0); b == nil || len(b) != 0 {
		t.Fatalf("In(0) = %v", b)
	}
}

func TestBoundsAndWipe(t *testing.T) {
	if In(MaxIn+1) != nil {
		t.Fatal("room for more than MaxIn")
	}
	first := In(8)
	copy(first, "secret!!")
	In(uint32(cap(in)) + 1)
	if !bytes.Equal(first, make([]byte, 8)) {
		t.Fatal("a buffer given up keeps its bytes")
	}
	copy(In(8), "secret!!")
	Call(8, func(_ *Reader, w *Writer) error { w.Text("secret result"); return nil })
	Wipe()
	for _, b := range [][]byte{in[:cap(in)], out[:cap(out)]} {
		if !bytes.Equal(b, make([]byte, len(b))) {
			t.Fatal("Wipe leaves bytes")
		}
	}
	if got := Call(uint32(len(in))+1, nil); got[0] != Malformed {
		t.Fatal("a call longer than the room was run")
	}
}
