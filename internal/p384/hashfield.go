package p384

import "errors"

// hashL is L of RFC 9380 section 5: ceil((384 + 192) / 8) bytes are reduced for
// each field element or scalar, so that the bias is below 2^-192.
const hashL = 72

var errDST = errors.New("p384: domain separation tag longer than 255 bytes or empty")

// checkDST panics on a tag that RFC 9380 does not allow. Tags are the program's
// own constants, so that a wrong one is a programming error.
func checkDST(dst []byte) {
	if len(dst) == 0 || len(dst) > 255 {
		panic(errDST)
	}
}
