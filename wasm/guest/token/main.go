//go:build !wasm

package main

func main() { panic("token: build for wasip1 with -buildmode=c-shared") }
