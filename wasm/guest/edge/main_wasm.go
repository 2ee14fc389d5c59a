//go:build wasm

package main

// A reactor has no main program: its exports are called.
func main() {}
