// Package lazy fills maps whose zero value is empty and ready, as the types that
// hold them promise.
package lazy

// Put adds to a map, which it makes where it is nil.
func Put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[k] = v
}
