// Package wasm holds the browser files of the kit and hands them out.
package wasm

//go:generate go run ./gen
