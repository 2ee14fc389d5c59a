//go:build long && wasm

package p384

const longComparisons = 100_000
