//go:build tinygo

package main

// writeTape is the native program's.
func writeTape(string) { println("FAIL only the native program has circl") }
