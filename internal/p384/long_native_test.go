//go:build long && !wasm

package p384

const longRounds = 1_000_000
