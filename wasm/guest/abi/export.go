//go:build wasm

package abi

//lint:file-ignore U1000 go:wasmexport gives these functions to the host

import "unsafe"

// The three exports that every guest has. The length of an answer stands in
// front of it (see answer), so that one number crosses the border.

//go:wasmexport abi_version
func version() uint32 { return Version }

// room returns the address of n bytes for arguments, 0 when n is too many.
//
//go:wasmexport abi_in
func room(n uint32) uint32 {
	b := In(n)
	if b == nil {
		return 0
	}
	if n == 0 {
		return 1 // an address that nobody reads
	}
	return uint32(uintptr(unsafe.Pointer(&b[0])))
}

//go:wasmexport abi_wipe
func wipe() { Wipe() }

// head holds address and length of the last answer, little-endian as the
// machine has it.
var head [2]uint32

// Answer runs Call and returns the address of two 32-bit numbers: where the
// answer begins and how long it is.
func Answer(n uint32, f func(*Reader, *Writer) error) uint32 {
	b := Call(n, f)
	head[0] = uint32(uintptr(unsafe.Pointer(&b[0])))
	head[1] = uint32(len(b))
	return uint32(uintptr(unsafe.Pointer(&head[0])))
}
