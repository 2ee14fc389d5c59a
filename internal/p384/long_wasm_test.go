//go:build long && wasm

package p384

const longRounds = 100_000
