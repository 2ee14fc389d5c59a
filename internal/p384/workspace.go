//go:build !nistec

package p384

import "sync"

// workspace is the room that a call works in, kept for the next one. In a
// browser's module that is what keeps memory small: TinyGo's collector takes
// numbers that it finds for pointers, so that some large piece stays for good here
// and there, and calls that ask for large pieces anew let the heap double again
// and again.
//
// Sums take public values alone. Everything else may hold what comes of a secret,
// so that a function clears its room before it returns, but for what it hands to
// its caller, who then does. Pointers to what others own are cleared as well.
type workspace struct {
	// normalize and feInvertAll
	todo        []*fe
	inv, prefix []fe
	zero        []uint64
	// normal
	copies []Point
	all    []*Point
	affine []affine
	// makeMultiples and what its callers give it
	ratios, zs []fe
	zp         []*fe
	plain      []affine
	tables     [][]affine
	// mulMany and sums
	in       []*Point
	infinite []uint64
	packed   []multiples
	// sums
	scalars    []*Scalar
	nafs       []int8
	bits       []bitTerms
	terms      []term
	pairs      []pair
	den, ahead []fe
}

// works hands a workspace to one call at a time, which returns it.
var works = sync.Pool{New: func() any { return new(workspace) }}

// room returns n pieces of each elements: of s, or where that is too short of a new
// slice for the next power of two of pieces, so that calls of many sizes soon need
// no new one. What it returns is not cleared. It is not inlined for the sake of the
// browser's module: 1 KB.
//
//go:noinline
func room[T any](s []T, n, each int) []T {
	if cap(s) < n*each { // public: the numbers
		pieces := 1
		for pieces < n { // public: the number
			pieces *= 2
		}
		s = make([]T, pieces*each)
	}
	return s[:n*each] // public: the numbers
}
