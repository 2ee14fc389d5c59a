//go:build tinygo

package jws

// nativeKey is empty: with TinyGo the platform checks signatures.
type nativeKey struct{}

var curves = [...]*curve{kindP256: &curveP256, kindP384: &curveP384, kindP521: &curveP521}

// prepare refuses what the native build refuses: platforms say each in their own
// words that an EC point is not on its curve, and only when the key is used.
func (k *Key) prepare() *Error {
	if k.kind >= kindP256 && k.kind <= kindP521 && !curves[k.kind].has(k.x, k.y) {
		return errOffCurve
	}
	return nil
}
