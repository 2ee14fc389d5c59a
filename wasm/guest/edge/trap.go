//go:build wasm && forcedtrap

package main

import "github.com/bonafides-dev/bonafides/wasm/guest/abi"

// A module of the tests alone, built with the tag forcedtrap: a panic inside Go, in
// the middle of a call.
//
//go:wasmexport edge_panic
func exportPanic(n uint32) uint32 {
	return abi.Answer(n, func(*abi.Reader, *abi.Writer) error { panic("forced by a test") })
}
