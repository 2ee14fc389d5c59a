// Package interop holds the code against other people's implementations of
// the same specifications. It is a module of its own, so that the peers never
// reach the go.sum of a program that imports Bonafides.
package interop
