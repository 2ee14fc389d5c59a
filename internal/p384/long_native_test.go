//go:build long && !wasm

package p384

const longComparisons = 1_000_000
