// Package abi carries calls between JavaScript and the guest modules: bytes in,
// bytes out, a status byte, no state between calls. ../../ABI.md is the contract.
//
// A guest has one input and one output buffer. JavaScript asks [In] for room,
// writes the arguments there, calls an export with their length and reads the
// answer where the export says. The answer stays until the next call or [Wipe].
// A guest runs one call at a time; nothing here is safe for concurrent use.
package abi

import (
	"errors"

	"github.com/bonafides-dev/bonafides/internal/refusal"
)

// Version is the number that the export abi_version answers. It changes when a
// caller written for the old contract would misread the new one.
const Version = 1

// MaxIn is the most bytes that one call may bring: 1 MiB.
const MaxIn = 1 << 20

// Status is the first byte of every answer.
type Status = byte

const (
	OK        Status = 0 // the results follow
	Refused   Status = 1 // a code, a sentence and an HTTP status follow: the input was judged and refused
	Malformed Status = 2 // a code and a sentence follow: the call itself was wrong
)

// Refuse is the error of a guest's function for input that it judged and refused, a
// *refusal.Refusal as those of the kit's cores, which are returned as they are. The
// status is 0 except from a guest that answers requests. An error of another type
// is answered with the code "refused".
func Refuse(status int, code, detail string) error { return refusal.New(status, code, detail) }

var (
	errShort = errors.New("the arguments end early")
	errLong  = errors.New("bytes follow the last argument, or an argument is longer than the table allows")
	errRange = errors.New("a number is out of its range")
)

var in, out []byte

// In makes room for n bytes of arguments and returns the buffer, or nil when n is
// more than MaxIn. Room for nothing is an empty buffer, in a new instance too.
func In(n uint32) []byte {
	if n > MaxIn {
		return nil
	}
	if in == nil || uint32(cap(in)) < n {
		clear(in[:cap(in)]) // a buffer given up keeps no secret
		in = make([]byte, n)
	}
	in = in[:n]
	return in
}

// Wipe overwrites both buffers with zeros. Callers wipe after a call whose
// arguments or results are secret.
func Wipe() {
	clear(in[:cap(in)])
	clear(out[:cap(out)])
}

// Call reads n bytes of arguments, runs f and returns the answer: a status byte,
// then either the results or a code and a sentence.
func Call(n uint32, f func(*Reader, *Writer) error) []byte {
	w := &Writer{b: append(out[:0], OK)}
	if uint32(len(in)) < n {
		return fail(w, Malformed, "short_input", errShort.Error())
	}
	r := &Reader{b: in[:n]}
	err := f(r, w)
	switch {
	case r.err != nil:
		return fail(w, Malformed, "malformed_call", r.err.Error())
	case err != nil:
		if e, ok := err.(*refusal.Refusal); ok {
			return refuse(w, e)
		}
		return refuse(w, &refusal.Refusal{Code: "refused", Detail: err.Error()})
	}
	out = w.b
	return out
}

func refuse(w *Writer, e *refusal.Refusal) []byte {
	fail(w, Refused, e.Code, e.Detail)
	w.U16(uint16(e.Status))
	out = w.b
	return out
}

func fail(w *Writer, s Status, code, message string) []byte {
	clear(w.b)
	w.b = append(w.b[:0], s)
	w.Text(code)
	w.Text(message)
	out = w.b
	return out
}
