//go:build !wasm

// Command idtoken is the guest module that judges ID tokens in a browser; the
// browser checks their signatures. Its exports stand in ../../abi.json; package
// judge runs them.
package main

func main() { panic("idtoken: build for wasip1 with -buildmode=c-shared") }
