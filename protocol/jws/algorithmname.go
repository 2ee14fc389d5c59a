package jws

// ParseAlgorithm returns the algorithm of this name as "alg" and discovery documents
// write it; false if it is none of this package.
func ParseAlgorithm(name string) (Algorithm, bool) { return parseAlgorithm(name) }
