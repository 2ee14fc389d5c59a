//go:build !wasm

package main

func main() { panic("edge: build for wasip1 with -buildmode=c-shared") }
