//go:build tinygo

package jws

// nativeKey is empty: with TinyGo the platform checks signatures, and checks an
// EC point when it imports the key.
type nativeKey struct{}

func (k *Key) prepare() *Error { return nil }
